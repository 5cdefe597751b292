// ITIMER_VIRTUAL and ITIMER_PROF ring when CPU time was used, here by calls, and not by sleeping.
#include <signal.h>
#include <sys/time.h>

#include "expect.hpp"

static int volatile virtual_rings, profile_rings;

int main() {
  signal(SIGVTALRM, [](int) { virtual_rings = virtual_rings + 1; });
  signal(SIGPROF, [](int) { profile_rings = profile_rings + 1; });
  // Far more than the few calls until then use, also natively.
  itimerval timer = {{0, 0}, {0, 20000}};
  EXPECT_EQ(setitimer(ITIMER_VIRTUAL, &timer, nullptr), 0);
  timer.it_interval.tv_usec = 20000;
  EXPECT_EQ(setitimer(ITIMER_PROF, &timer, nullptr), 0);
  sleep_ms(30);
  EXPECT_EQ(virtual_rings, 0);
  EXPECT_EQ(profile_rings, 0);
  const long long start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  while (virtual_rings < 1 || profile_rings < 2) {
    EXPECT(now_ns(CLOCK_PROCESS_CPUTIME_ID) - start < 20000000000LL);
  }
  EXPECT_EQ(virtual_rings, 1);
  timer = {};
  itimerval old;
  EXPECT_EQ(setitimer(ITIMER_PROF, &timer, &old), 0);
  EXPECT_EQ(old.it_interval.tv_usec, 20000);
  return ok();
}
