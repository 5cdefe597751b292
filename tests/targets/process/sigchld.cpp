// SIGCHLD: what it says of each kind of end, that it comes when nobody waits, SA_NOCLDSTOP,
// SA_NOCLDWAIT, and an ignored SIGCHLD that leaves no zombie.
#include <signal.h>

#include "expect.hpp"

static siginfo_t next_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  siginfo_t info;
  EXPECT_EQ(sigwaitinfo(&set, &info), SIGCHLD);
  return info;
}

static void set_action(void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  EXPECT_EQ(sigaction(SIGCHLD, &action, nullptr), 0);
}

static volatile int handled;

int main() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  pid_t pid = start_child([] { _exit(3); });
  siginfo_t info = next_signal();
  EXPECT_EQ(info.si_code, CLD_EXITED);
  EXPECT_EQ(info.si_pid, pid);
  EXPECT_EQ(info.si_status, 3);
  EXPECT_EQ(WEXITSTATUS(status_of(pid)), 3);

  pid = start_child([] { pause(); });
  kill(pid, SIGSTOP);
  info = next_signal();
  EXPECT_EQ(info.si_code, CLD_STOPPED);
  EXPECT_EQ(info.si_status, SIGSTOP);
  kill(pid, SIGCONT);
  info = next_signal();
  EXPECT_EQ(info.si_code, CLD_CONTINUED);
  EXPECT_EQ(info.si_pid, pid);
  set_action(SIG_DFL, SA_NOCLDSTOP);
  kill(pid, SIGSTOP);
  int status;
  EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
  kill(pid, SIGKILL);
  info = next_signal();
  EXPECT_EQ(info.si_code, CLD_KILLED);
  EXPECT_EQ(info.si_status, SIGKILL);
  status_of(pid);

  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  set_action([](int) { handled = handled + 1; }, SA_RESTART);
  pid = start_child([] { _exit(0); });
  EXPECT_CHILD_OK(pid);
  EXPECT_EQ(handled, 1);

  for (const bool by_flag : {true, false}) {
    set_action(by_flag ? SIG_DFL : SIG_IGN, by_flag ? SA_NOCLDWAIT : 0);
    pid = start_child([] { _exit(4); });
    EXPECT_ERRNO(waitpid(pid, nullptr, 0), ECHILD);  // but only when it has ended
    EXPECT_ERRNO(kill(pid, 0), ESRCH);
  }
  return ok();
}
