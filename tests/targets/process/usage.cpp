// CPU time of children counts once they are waited for, grandchildren's included.
#include <sys/resource.h>
#include <sys/times.h>

#include "expect.hpp"

static long long cpu_ns(int who) {
  rusage usage;
  EXPECT_EQ(getrusage(who, &usage), 0);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL;
}

static void work() {
  for (int i = 0; i < 300000 && cpu_ns(RUSAGE_SELF) < 20000000; ++i) getppid();
}

int main() {
  EXPECT_EQ(cpu_ns(RUSAGE_CHILDREN), 0);
  const pid_t pid = start_child([] {
    EXPECT_CHILD_OK(start_child(work));
    work();
  });
  EXPECT_EQ(cpu_ns(RUSAGE_CHILDREN), 0);
  rusage usage;
  int status;
  EXPECT_EQ(wait4(pid, &status, 0, &usage), pid);
  EXPECT(cpu_ns(RUSAGE_CHILDREN) >= 20000000);
  EXPECT(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec >= 20000);
  return ok();
}
