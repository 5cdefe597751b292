// daemon(): forks, starts a session, and the caller's parent sees it end.
#include <signal.h>

#include "expect.hpp"

int main() {
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  const pid_t pid = start_child([&] {
    if (daemon(1, 1) != 0) _exit(1);
    const pid_t facts[3] = {getpid(), getsid(0), getpgrp()};
    EXPECT_EQ(write(channel[1], facts, sizeof facts), static_cast<ssize_t>(sizeof facts));
  });
  EXPECT_CHILD_OK(pid);
  pid_t facts[3];
  EXPECT_EQ(read(channel[0], facts, sizeof facts), static_cast<ssize_t>(sizeof facts));
  EXPECT(facts[0] != pid);
  EXPECT_EQ(facts[1], facts[0]);
  EXPECT_EQ(facts[2], facts[0]);
  return ok();
}
