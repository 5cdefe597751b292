// A recursive mutex is free only after as many unlocks as locks.
#include "lock/counted.hpp"

int main() {
  pthread_mutex_t mutex;
  init_mutex(&mutex, PTHREAD_MUTEX_RECURSIVE);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(i % 2 ? pthread_mutex_lock(&mutex) : pthread_mutex_trylock(&mutex), 0);
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(in_thread([&] { return pthread_mutex_trylock(&mutex); }), EBUSY);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  }
  EXPECT_EQ(pthread_mutex_unlock(&mutex), EPERM);
  EXPECT_EQ(in_thread([&] {
              const int error = pthread_mutex_trylock(&mutex);
              pthread_mutex_unlock(&mutex);
              return error;
            }),
            0);
  expect_exclusion([&](Counted& counted, int, int round) {
    for (int i = 0; i <= round % 3; ++i) EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
    counted.step();
    for (int i = 0; i <= round % 3; ++i) EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  });
  return ok();
}
