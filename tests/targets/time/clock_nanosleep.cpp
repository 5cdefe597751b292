// clock_nanosleep: relative and absolute on each clock that sleeps, returns its error instead of
// setting errno, leaves the rest only for relative sleeps.
#include <pthread.h>
#include <signal.h>

#include "expect.hpp"

static void* send(void* argument) {
  sleep_ms(3);
  pthread_kill(*static_cast<pthread_t*>(argument), SIGUSR1);
  return nullptr;
}

int main() {
  for (clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI}) {
    const long long start = now_ns(clock);
    timespec pause = {0, 3000000};
    EXPECT_EQ(clock_nanosleep(clock, 0, &pause, nullptr), 0);
    EXPECT(now_ns(clock) - start >= 3000000);
    const long long deadline = now_ns(clock) + 3000000;
    timespec until = timespec_of_ns(deadline);
    EXPECT_EQ(clock_nanosleep(clock, TIMER_ABSTIME, &until, nullptr), 0);
    EXPECT(now_ns(clock) >= deadline);
    EXPECT_EQ(clock_nanosleep(clock, TIMER_ABSTIME, &until, nullptr), 0);
  }
  errno = 0;
  timespec pause = {0, 1};
  EXPECT_EQ(clock_nanosleep(99, 0, &pause, nullptr), EINVAL);
  EXPECT_EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &pause, nullptr), EINVAL);
  pause.tv_nsec = -1;
  EXPECT_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr), EINVAL);
  EXPECT_EQ(errno, 0);

  signal(SIGUSR1, [](int) {});
  pthread_t self = pthread_self(), thread;
  const timespec untouched = {77, 77};
  timespec left = untouched;
  const long long deadline = now_ns(CLOCK_MONOTONIC) + 30000000;
  timespec until = timespec_of_ns(deadline);
  EXPECT_EQ(pthread_create(&thread, nullptr, send, &self), 0);
  int error;
  while ((error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, &left)) == EINTR) {
  }
  EXPECT_EQ(error, 0);
  EXPECT(now_ns(CLOCK_MONOTONIC) >= deadline);
  EXPECT_EQ(left.tv_sec, untouched.tv_sec);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
