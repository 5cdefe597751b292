// Every clock id reads plausibly and never goes back, is consistent with its coarse, raw and
// boot-time relatives, and refuses unknown ids.
#include <pthread.h>

#include "expect.hpp"

int main() {
  const clockid_t ids[] = {
      CLOCK_REALTIME,           CLOCK_MONOTONIC,         CLOCK_BOOTTIME,
      CLOCK_MONOTONIC_RAW,      CLOCK_REALTIME_COARSE,   CLOCK_TAI,
      CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_COARSE};
  for (clockid_t id : ids) {
    long long last = now_ns(id);
    EXPECT(last >= 0);
    for (int i = 0; i < 200; ++i) {
      timespec now;
      EXPECT_EQ(clock_gettime(id, &now), 0);
      EXPECT(now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
      const long long ns = now.tv_sec * 1000000000LL + now.tv_nsec;
      EXPECT(ns >= last);
      last = ns;
    }
    timespec resolution = {-1, -1};
    EXPECT_EQ(clock_getres(id, &resolution), 0);
    EXPECT_EQ(resolution.tv_sec, 0);
    EXPECT(resolution.tv_nsec >= 1 && resolution.tv_nsec <= 10000000);
    EXPECT_EQ(clock_getres(id, nullptr), 0);
  }
  timespec now;
  EXPECT_ERRNO(clock_gettime(99, &now), EINVAL);
  EXPECT_ERRNO(clock_getres(99, &now), EINVAL);
  // A coarse clock lags by at most a few ticks and is never ahead.
  const long long coarse = now_ns(CLOCK_MONOTONIC_COARSE);
  EXPECT(now_ns(CLOCK_MONOTONIC) >= coarse);
  EXPECT(now_ns(CLOCK_REALTIME) > 1500000000LL * 1000000000LL);
  EXPECT(now_ns(CLOCK_BOOTTIME) + 1000000000LL >= now_ns(CLOCK_MONOTONIC));
  OBS("monotonic %lld", now_ns(CLOCK_MONOTONIC));
  OBS("realtime %lld", now_ns(CLOCK_REALTIME));
  return ok();
}
