// waitpid: WNOHANG, WUNTRACED, WCONTINUED, groups, statuses of every kind of end, its errors.
#include <signal.h>
#include <sys/resource.h>

#include "expect.hpp"

int main() {
  EXPECT_ERRNO(waitpid(-1, nullptr, 0), ECHILD);
  EXPECT_ERRNO(waitpid(-1, nullptr, 0x1000), EINVAL);
  int status = -1;
  const pid_t pid = start_child([] { pause(); });
  EXPECT_EQ(waitpid(pid, &status, WNOHANG), 0);
  EXPECT_ERRNO(waitpid(getpid(), &status, 0), ECHILD);
  EXPECT_EQ(kill(pid, SIGSTOP), 0);
  EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
  EXPECT(WIFSTOPPED(status));
  EXPECT_EQ(WSTOPSIG(status), SIGSTOP);
  EXPECT_EQ(waitpid(pid, &status, WNOHANG | WUNTRACED), 0);  // told once
  EXPECT_EQ(kill(pid, SIGCONT), 0);
  EXPECT_EQ(waitpid(pid, &status, WCONTINUED), pid);
  EXPECT(WIFCONTINUED(status));
  EXPECT_EQ(kill(pid, SIGSTOP), 0);
  EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
  EXPECT_EQ(kill(pid, SIGTERM), 0);  // waits until it is continued
  sleep_ms(20);
  EXPECT_EQ(waitpid(pid, &status, WNOHANG), 0);
  EXPECT_EQ(kill(pid, SIGCONT), 0);
  EXPECT_EQ(waitpid(-1, &status, 0), pid);
  EXPECT(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);

  const pid_t stopped = start_child([] { raise(SIGSTOP); });
  EXPECT_EQ(waitpid(stopped, &status, WUNTRACED), stopped);
  EXPECT_EQ(kill(stopped, SIGKILL), 0);  // needs no SIGCONT
  EXPECT_EQ(WTERMSIG(status_of(stopped)), SIGKILL);

  EXPECT_EQ(WEXITSTATUS(status_of_child([] { _exit(0x1ff); })), 0xff);
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  EXPECT_EQ(WTERMSIG(status_of_child([] { abort(); })), SIGABRT);
  EXPECT_EQ(WTERMSIG(status_of_child([] { raise(SIGUSR1); })), SIGUSR1);
  EXPECT_EQ(WTERMSIG(status_of_child([] { *static_cast<volatile int*>(nullptr) = 1; })), SIGSEGV);

  const pid_t other_group = start_child([] {
    setpgid(0, 0);
    _exit(1);
  });
  const pid_t own_group = start_child([] { _exit(2); });
  EXPECT_EQ(waitpid(0, &status, 0), own_group);
  EXPECT_EQ(waitpid(-other_group, &status, 0), other_group);
  return ok();
}
