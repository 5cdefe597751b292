// gettimeofday, time, clock_gettime and timespec_get tell one time; times, clock, getrusage and
// the CPU clock tell one use; sysinfo and /proc/uptime one uptime.
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>

#include "expect.hpp"

static long long of_day() {
  timeval now;
  EXPECT_EQ(gettimeofday(&now, nullptr), 0);
  EXPECT(now.tv_usec >= 0 && now.tv_usec < 1000000);
  return now.tv_sec * 1000000LL + now.tv_usec;
}

int main() {
  for (int i = 0; i < 20; ++i) {
    const long long a = now_ns(CLOCK_REALTIME), b = of_day(), c = now_ns(CLOCK_REALTIME);
    EXPECT(a / 1000 <= b && b <= c / 1000);
    timespec standard;
    EXPECT_EQ(timespec_get(&standard, TIME_UTC), TIME_UTC);
    const long long d = standard.tv_sec * 1000000000LL + standard.tv_nsec;
    EXPECT(d >= c && d <= now_ns(CLOCK_REALTIME));
    // time() may read the coarse clock: a tick behind.
    const time_t coarse = time(nullptr);
    EXPECT(coarse <= now_ns(CLOCK_REALTIME) / 1000000000LL);
    EXPECT(coarse >= (d - 20000000) / 1000000000LL);
  }
  const long long start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  while (now_ns(CLOCK_PROCESS_CPUTIME_ID) < start + 5000000) {
  }
  const long long low = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  const long long by_clock = clock() * (1000000000LL / CLOCKS_PER_SEC);
  rusage usage;
  EXPECT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
  const long long by_usage = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL +
                             (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL;
  const long long high = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  EXPECT(by_clock >= low - 1000 && by_clock <= high);
  // Truncated to microseconds twice; the kernel may lag a tick behind its own clock.
  EXPECT(by_usage >= low - 20000000 && by_usage <= high + 20000000);

  tms use;
  const clock_t ticks_before = times(&use);
  const long ticks_per_second = sysconf(_SC_CLK_TCK);
  EXPECT_EQ(ticks_per_second, 100);
  sleep_ms(30);
  const clock_t ticks_after = times(&use);
  EXPECT(ticks_after - ticks_before >= 2);
  EXPECT((use.tms_utime + use.tms_stime) <= high / 10000000 + 100);

  struct sysinfo info;
  EXPECT_EQ(sysinfo(&info), 0);
  FILE* file = fopen("/proc/uptime", "r");
  EXPECT(file != nullptr);
  double uptime = 0;
  EXPECT_EQ(fscanf(file, "%lf", &uptime), 1);
  fclose(file);
  const double boot = static_cast<double>(now_ns(CLOCK_BOOTTIME)) / 1e9;
  EXPECT(uptime <= boot + 0.02 && uptime + 0.02 >= static_cast<double>(info.uptime) - 1);
  EXPECT(static_cast<double>(info.uptime) <= boot + 1.02);
  EXPECT(boot - uptime < 60);
  return ok();
}
