// An error-checking mutex knows its owner: EDEADLK, EPERM, also after switches and in a child of
// fork, whose only thread is a new one with a new tid.
#include "lock/counted.hpp"

int main() {
  pthread_mutex_t mutex;
  init_mutex(&mutex, PTHREAD_MUTEX_ERRORCHECK);
  EXPECT_EQ(pthread_mutex_unlock(&mutex), EPERM);
  EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
  EXPECT_EQ(pthread_mutex_lock(&mutex), EDEADLK);
  EXPECT_EQ(pthread_mutex_trylock(&mutex), EBUSY);
  timespec past = {0, 0};
  EXPECT_EQ(pthread_mutex_timedlock(&mutex, &past), EDEADLK);
  EXPECT_EQ(in_thread([&] { return pthread_mutex_unlock(&mutex); }), EPERM);
  sleep_ms(1);
  EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  expect_exclusion([&](Counted& counted, int, int) {
    EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
    counted.step();
    EXPECT_EQ(pthread_mutex_lock(&mutex), EDEADLK);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  });
  const int status = status_of_child([&] {
    EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_lock(&mutex), EDEADLK);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  });
  EXPECT_EQ(status, 0);
  return ok();
}
