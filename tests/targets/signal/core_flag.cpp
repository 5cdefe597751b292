// Signals whose default action is a core dump say so in the status when the limit allows one;
// others never do.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "signal/signal.hpp"

static bool dumped(int number, rlim_t limit) {
  const int status = status_of_child([=] {
    const rlimit wanted = {limit, limit};
    if (setrlimit(RLIMIT_CORE, &wanted) != 0) _exit(0);
    raise(number);
  });
  EXPECT(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), number);
  return WCOREDUMP(status);
}

int main() {
  char pattern[64] = {};
  const int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);
  if (fd < 0 || read(fd, pattern, sizeof pattern - 1) <= 0) return skip("no core_pattern");
  close(fd);
  if (pattern[0] == '|' || pattern[0] == '/') return skip("cores go elsewhere");
  char directory[] = "/tmp/detsim-core-XXXXXX";
  EXPECT(mkdtemp(directory) != nullptr);
  EXPECT_EQ(chdir(directory), 0);
  rlimit limit;
  EXPECT_EQ(getrlimit(RLIMIT_CORE, &limit), 0);
  if (limit.rlim_max < (1 << 30)) return skip("no core may be dumped");
  for (int number :
       {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS}) {
    EXPECT(dumped(number, 1 << 30));
    EXPECT(!dumped(number, 0));
  }
  for (int number : {SIGHUP, SIGKILL, SIGTERM, SIGUSR1, SIGALRM, SIGRTMIN}) {
    EXPECT(!dumped(number, 1 << 30));
  }
  const int status = status_of_child([] {
    const rlimit wanted = {1 << 30, 1 << 30};
    setrlimit(RLIMIT_CORE, &wanted);
    prctl(PR_SET_DUMPABLE, 0);
    raise(SIGSEGV);
  });
  EXPECT(WIFSIGNALED(status) && !WCOREDUMP(status));
  EXPECT_EQ(system("rm -f core core.*"), 0);
  EXPECT_EQ(chdir("/"), 0);
  EXPECT_EQ(rmdir(directory), 0);
  return ok();
}
