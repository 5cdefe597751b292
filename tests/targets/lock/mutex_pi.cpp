// A priority-inheritance mutex: exclusion, EBUSY, EDEADLK for the error-checking kind, timed locks.
#include "lock/counted.hpp"

int main() {
  pthread_mutex_t mutex, checking;
  init_mutex(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT);
  init_mutex(&checking, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_INHERIT);
  for (auto* each : {&mutex, &checking}) {
    expect_exclusion([&](Counted& counted, int, int) {
      EXPECT_EQ(pthread_mutex_lock(each), 0);
      counted.step();
      EXPECT_EQ(pthread_mutex_unlock(each), 0);
    });
    EXPECT_EQ(pthread_mutex_lock(each), 0);
    EXPECT_EQ(in_thread([&] { return pthread_mutex_trylock(each); }), EBUSY);
    EXPECT_EQ(in_thread([&] {
                const long long deadline = now_ns(CLOCK_REALTIME) + 3000000;
                const timespec until = timespec_of_ns(deadline);
                const int error = pthread_mutex_timedlock(each, &until);
                EXPECT(now_ns(CLOCK_REALTIME) >= deadline);
                return error;
              }),
              ETIMEDOUT);
    EXPECT_EQ(pthread_mutex_unlock(each), 0);
  }
  EXPECT_EQ(pthread_mutex_lock(&checking), 0);
  EXPECT_EQ(pthread_mutex_lock(&checking), EDEADLK);
  EXPECT_EQ(in_thread([&] { return pthread_mutex_unlock(&checking); }), EPERM);
  EXPECT_EQ(pthread_mutex_unlock(&checking), 0);
  return ok();
}
