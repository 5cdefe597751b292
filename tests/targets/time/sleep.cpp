// sleep returns the seconds left when a handler interrupts it; usleep, poll and select without
// descriptors sleep too.
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>

#include "expect.hpp"

int main() {
  signal(SIGALRM, [](int) {});
  itimerval timer = {{0, 0}, {0, 5000}};
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, nullptr), 0);
  const long long start = now_ns(CLOCK_MONOTONIC);
  const unsigned left = sleep(1000);
  EXPECT(left >= 900 && left <= 1000);
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 5000000);
  long long before = now_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(usleep(2000), 0);
  EXPECT(now_ns(CLOCK_MONOTONIC) - before >= 2000000);
  before = now_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(poll(nullptr, 0, 2), 0);
  EXPECT(now_ns(CLOCK_MONOTONIC) - before >= 2000000);
  before = now_ns(CLOCK_MONOTONIC);
  timeval limit = {0, 2000};
  EXPECT_EQ(select(0, nullptr, nullptr, nullptr, &limit), 0);
  EXPECT(now_ns(CLOCK_MONOTONIC) - before >= 2000000);
  EXPECT_EQ(limit.tv_sec + limit.tv_usec, 0);
  return ok();
}
