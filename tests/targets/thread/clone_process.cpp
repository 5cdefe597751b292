// A raw clone with nothing but SIGCHLD is a fork: memory is copied, the child has its own pid and
// one thread, the tid pointers are honoured in the right process.
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.hpp"

int main() {
  static int volatile value = 1;
  static pid_t parent_tid, child_tid;
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  const pid_t parent = getpid();
  const long pid = syscall(SYS_clone, SIGCHLD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, nullptr,
                           &parent_tid, &child_tid, 0);
  EXPECT(pid >= 0);
  if (pid == 0) {
    value = 2;
    const int good = getpid() == child_tid && getppid() == parent && getpid() != parent;
    EXPECT_EQ(write(channel[1], &good, sizeof good), static_cast<ssize_t>(sizeof good));
    _exit(6);
  }
  int good = 0;
  EXPECT_EQ(read(channel[0], &good, sizeof good), static_cast<ssize_t>(sizeof good));
  EXPECT_EQ(good, 1);
  const int status = status_of(static_cast<pid_t>(pid));
  EXPECT(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 6);
  EXPECT_EQ(value, 1);
  EXPECT_EQ(parent_tid, static_cast<pid_t>(pid));
  EXPECT_EQ(child_tid, 0);
  return ok();
}
