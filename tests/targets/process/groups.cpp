// Process groups and sessions: setpgid, setsid, kill of a group, and what is not allowed.
#include <signal.h>

#include "expect.hpp"

int main() {
  EXPECT_EQ(getpgid(0), getpgrp());
  EXPECT_ERRNO(getpgid(0x3ffffff), ESRCH);
  EXPECT_ERRNO(setpgid(0, -1), EINVAL);
  EXPECT_ERRNO(setpgid(0x3ffffff, 0), ESRCH);
  EXPECT_CHILD_OK(start_child([] {
    EXPECT_EQ(setsid(), getpid());
    EXPECT_EQ(getsid(0), getpid());
    EXPECT_EQ(getpgrp(), getpid());
    EXPECT_ERRNO(setsid(), EPERM);
    EXPECT_ERRNO(setpgid(0, 0), EPERM);
    pid_t members[3];
    for (int i = 0; i < 3; ++i) {
      members[i] = start_child([] {
        signal(SIGUSR1, SIG_DFL);
        for (;;) pause();
      });
      EXPECT_EQ(setpgid(members[i], members[0]), 0);
    }
    EXPECT_EQ(getpgid(members[2]), members[0]);
    EXPECT_EQ(getsid(members[2]), getpid());
    EXPECT_ERRNO(setpgid(members[1], 0x3ffffff), EPERM);
    EXPECT_EQ(kill(-members[0], 0), 0);
    EXPECT_EQ(kill(-members[0], SIGUSR1), 0);
    for (const pid_t member : members) EXPECT_EQ(WTERMSIG(status_of(member)), SIGUSR1);
    EXPECT_ERRNO(kill(-members[0], 0), ESRCH);
    signal(SIGUSR2, SIG_IGN);
    const pid_t in_group = start_child([] {
      signal(SIGUSR2, SIG_DFL);
      for (;;) pause();
    });
    sleep_ms(20);
    EXPECT_EQ(kill(0, SIGUSR2), 0);
    EXPECT_EQ(WTERMSIG(status_of(in_group)), SIGUSR2);
  }));
  // A child of an executed program may be moved until it executes itself.
  EXPECT_EQ(WEXITSTATUS(system("/bin/bash -c 'set -m; sleep 10 & kill -9 %1'")), 0);
  const pid_t executed = start_child([] { execl("/bin/sleep", "sleep", "10", nullptr); });
  sleep_ms(50);
  EXPECT_ERRNO(setpgid(executed, 0), EACCES);
  EXPECT_EQ(kill(executed, SIGKILL), 0);
  status_of(executed);
  return ok();
}
