// Who may signal whom: a process of another user is EPERM, SIGCONT within the session is not; a
// group of which one can be signalled is a success.
#include <sys/syscall.h>

#include "signal/signal.hpp"

int main() {
  if (geteuid() != 0) return skip("only root can become somebody else");
  const pid_t parent = getpid();
  const pid_t child = start_child([parent] {
    EXPECT_EQ(setuid(12345), 0);
    EXPECT_ERRNO(kill(parent, 0), EPERM);
    EXPECT_ERRNO(kill(parent, SIGTERM), EPERM);
    EXPECT_ERRNO(syscall(SYS_tgkill, parent, parent, SIGTERM), EPERM);
    sigval value = {};
    EXPECT_ERRNO(sigqueue(parent, SIGTERM, value), EPERM);
    EXPECT_ERRNO(kill(1 << 22, SIGTERM), ESRCH);
    EXPECT_EQ(kill(parent, SIGCONT), 0);
    EXPECT_EQ(kill(getpid(), 0), 0);
    EXPECT_EQ(kill(0, 0), 0);  // some of the group are ours
  });
  EXPECT_CHILD_OK(child);
  EXPECT_ERRNO(kill(child, 0), ESRCH);
  EXPECT_ERRNO(kill(parent, 65), EINVAL);
  EXPECT_ERRNO(kill(parent, -1), EINVAL);
  return ok();
}
