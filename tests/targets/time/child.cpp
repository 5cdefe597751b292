// Parent and child processes live in one time: what a child read is between the parent's readings,
// sleeps overlap, and RUSAGE_CHILDREN counts its work once it is waited for.
#include <sys/resource.h>

#include "expect.hpp"

int main() {
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  const long long before = now_ns(CLOCK_MONOTONIC);
  const pid_t child = start_child([&] {
    const long long now = now_ns(CLOCK_MONOTONIC);
    EXPECT_EQ(write(channel[1], &now, sizeof now), static_cast<ssize_t>(sizeof now));
    const long long start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    while (now_ns(CLOCK_PROCESS_CPUTIME_ID) - start < 12000000) {
    }
    sleep_ms(5);
  });
  long long during = 0;
  EXPECT_EQ(read(channel[0], &during, sizeof during), static_cast<ssize_t>(sizeof during));
  const long long after = now_ns(CLOCK_MONOTONIC);
  EXPECT(before <= during && during <= after);
  rusage usage;
  EXPECT_EQ(getrusage(RUSAGE_CHILDREN, &usage), 0);
  EXPECT_EQ(usage.ru_utime.tv_sec + usage.ru_utime.tv_usec, 0);
  EXPECT_CHILD_OK(child);
  EXPECT(now_ns(CLOCK_MONOTONIC) - before >= 5000000);
  EXPECT_EQ(getrusage(RUSAGE_CHILDREN, &usage), 0);
  const long long used = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL +
                         usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  EXPECT(used >= 8000);
  return ok();
}
