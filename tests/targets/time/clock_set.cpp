// Setting the clock is refused to the unprivileged; adjtimex tells the same time as the others.
#include <sys/timex.h>

#include "expect.hpp"

int main() {
  // As an unprivileged process, so that no test run ever moves the machine's clock.
  const int status = status_of_child([] {
    if (geteuid() == 0) EXPECT_EQ(setuid(65534), 0);
    timespec now;
    EXPECT_EQ(clock_gettime(CLOCK_REALTIME, &now), 0);
    EXPECT_ERRNO(clock_settime(CLOCK_REALTIME, &now), EPERM);
    EXPECT_ERRNO(clock_settime(CLOCK_MONOTONIC, &now), EINVAL);
  });
  EXPECT_EQ(status, 0);
  timex state = {};
  EXPECT(adjtimex(&state) >= 0);
  const long long now = now_ns(CLOCK_REALTIME) / 1000000000LL;
  EXPECT(state.time.tv_sec >= now - 60 && state.time.tv_sec <= now + 1);
  return ok();
}
