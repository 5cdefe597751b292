// setitimer(ITIMER_REAL): a periodic timer interrupts sleeps, pauses and computing that reads the
// clock; the old value is handed back.
#include <signal.h>
#include <sys/time.h>

#include "expect.hpp"

static int volatile rings;

int main() {
  struct sigaction action = {};
  action.sa_handler = [](int) { rings = rings + 1; };
  EXPECT_EQ(sigaction(SIGALRM, &action, nullptr), 0);
  itimerval timer = {{0, 2000}, {0, 2000}}, old;
  const long long start = now_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, nullptr), 0);
  while (rings < 3) pause();
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 6000000);
  while (rings < 5) sleep_ms(1);
  while (rings < 7) now_ns(CLOCK_MONOTONIC);
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 14000000);
  timer = {};
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, &old), 0);
  EXPECT_EQ(old.it_interval.tv_usec, 2000);
  EXPECT(old.it_value.tv_usec <= 2000 && old.it_value.tv_sec == 0);
  const int seen = rings;
  sleep_ms(6);
  EXPECT_EQ(rings, seen);
  timer.it_value.tv_usec = 1000000;
  EXPECT_ERRNO(setitimer(ITIMER_REAL, &timer, nullptr), EINVAL);
  EXPECT_ERRNO(setitimer(static_cast<__itimer_which_t>(9), &timer, nullptr), EINVAL);
  return ok();
}
