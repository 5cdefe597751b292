// An adaptive mutex spins, then waits; held over a sleep it still passes on.
#include "lock/counted.hpp"

int main() {
  pthread_mutex_t mutex;
  init_mutex(&mutex, PTHREAD_MUTEX_ADAPTIVE_NP);
  expect_exclusion([&](Counted& counted, int index, int round) {
    EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
    counted.step();
    if (index == 0 && round % 20 == 0) sleep_ms(1);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  });
  return ok();
}
