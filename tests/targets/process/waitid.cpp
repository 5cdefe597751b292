// waitid: every kind of id, WNOWAIT, what siginfo_t says, and its errors.
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "expect.hpp"

static siginfo_t wait_for(idtype_t kind, id_t id, int options) {
  siginfo_t info = {};
  info.si_pid = 77;
  EXPECT_EQ(waitid(kind, id, &info, options), 0);
  return info;
}

int main() {
  EXPECT_ERRNO(waitid(P_ALL, 0, nullptr, WEXITED), ECHILD);
  EXPECT_ERRNO(waitid(P_ALL, 0, nullptr, 0), EINVAL);
  EXPECT_ERRNO(waitid(static_cast<idtype_t>(9), 0, nullptr, WEXITED), EINVAL);
  const pid_t pid = start_child([] { pause(); });
  siginfo_t info = wait_for(P_PID, pid, WEXITED | WNOHANG);
  EXPECT_EQ(info.si_pid, 0);
  EXPECT_EQ(info.si_signo, 0);
  kill(pid, SIGSTOP);
  info = wait_for(P_PID, pid, WSTOPPED);
  EXPECT_EQ(info.si_code, CLD_STOPPED);
  EXPECT_EQ(info.si_status, SIGSTOP);
  kill(pid, SIGCONT);
  info = wait_for(P_PID, pid, WCONTINUED);
  EXPECT_EQ(info.si_code, CLD_CONTINUED);
  EXPECT_EQ(info.si_status, SIGCONT);
  kill(pid, SIGUSR2);
  for (int i = 0; i < 3; ++i) {
    info = wait_for(P_PGID, getpgrp(), WEXITED | (i < 2 ? WNOWAIT : 0));
    EXPECT_EQ(info.si_signo, SIGCHLD);
    EXPECT_EQ(info.si_code, CLD_KILLED);
    EXPECT_EQ(info.si_status, SIGUSR2);
    EXPECT_EQ(info.si_pid, pid);
    EXPECT_EQ(info.si_uid, getuid());
  }
  EXPECT_ERRNO(waitid(P_PID, pid, nullptr, WEXITED), ECHILD);

  const pid_t second = start_child([] { _exit(9); });
  const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, second, 0));
  EXPECT(descriptor >= 0);
  info = wait_for(static_cast<idtype_t>(P_PIDFD), descriptor, WEXITED);
  EXPECT_EQ(info.si_code, CLD_EXITED);
  EXPECT_EQ(info.si_status, 9);
  EXPECT_EQ(info.si_pid, second);
  EXPECT_ERRNO(waitid(static_cast<idtype_t>(P_PIDFD), 0x7fff, &info, WEXITED), EBADF);

  const pid_t third = start_child([] { _exit(0); });
  rusage usage;
  EXPECT_EQ(syscall(SYS_waitid, P_ALL, 0, nullptr, WEXITED, &usage), 0);
  EXPECT_ERRNO(kill(third, 0), ESRCH);
  return ok();
}
