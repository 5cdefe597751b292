// Robust and priority-inheriting at once: the death is noticed through the PI futex.
#include "lock/counted.hpp"

int main() {
  pthread_mutex_t mutex;
  init_mutex(&mutex, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(in_thread([&] { return pthread_mutex_lock(&mutex); }), 0);
    EXPECT_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
    EXPECT_EQ(pthread_mutex_consistent(&mutex), 0);
    EXPECT_EQ(pthread_mutex_lock(&mutex), EDEADLK);
    EXPECT_EQ(in_thread([&] { return pthread_mutex_unlock(&mutex); }), EPERM);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  }
  expect_exclusion([&](Counted& counted, int, int) {
    EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
    counted.step();
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  });
  return ok();
}
