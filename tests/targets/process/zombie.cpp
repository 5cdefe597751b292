// A child that ended stays until it is waited for: it can be signalled to no effect, and has a
// group and a session; afterwards it is gone.
#include <signal.h>

#include "expect.hpp"

int main() {
  const pid_t pid = start_child([] { _exit(5); });
  siginfo_t info;
  EXPECT_EQ(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(kill(pid, 0), 0);
  EXPECT_EQ(kill(pid, SIGKILL), 0);
  EXPECT_EQ(getpgid(pid), getpgrp());
  EXPECT_EQ(getsid(pid), getsid(0));
  EXPECT_EQ(WEXITSTATUS(status_of(pid)), 5);
  EXPECT_ERRNO(kill(pid, 0), ESRCH);
  EXPECT_ERRNO(getpgid(pid), ESRCH);
  return ok();
}
