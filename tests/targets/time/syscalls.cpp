// The raw time calls agree with the libc functions that normally never enter the kernel.
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>

#include "expect.hpp"

int main() {
  for (int i = 0; i < 10; ++i) {
    const long long a = now_ns(CLOCK_REALTIME);
    timeval day;
    EXPECT_EQ(syscall(SYS_gettimeofday, &day, nullptr), 0);
    const long long b = (day.tv_sec * 1000000LL + day.tv_usec) * 1000;
    EXPECT(b / 1000 >= a / 1000);
    time_t stored = 0;
    const long seconds = syscall(SYS_time, &stored);
    EXPECT_EQ(stored, seconds);
    EXPECT(seconds >= b / 1000000000LL - 1 && seconds <= now_ns(CLOCK_REALTIME) / 1000000000LL);
    timespec now;
    EXPECT_EQ(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now), 0);
    EXPECT(now_ns(CLOCK_MONOTONIC) >= now.tv_sec * 1000000000LL + now.tv_nsec);
    timespec pause = {0, 100000};
    const long long start = now_ns(CLOCK_MONOTONIC);
    EXPECT_EQ(syscall(SYS_nanosleep, &pause, nullptr), 0);
    EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 100000);
    EXPECT_EQ(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, nullptr), 0);
    EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 200000);
  }
  EXPECT_ERRNO(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, nullptr), EFAULT);
  return ok();
}
