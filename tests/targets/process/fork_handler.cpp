// fork in a signal handler: both sides return from it to where the signal struck.
#include <signal.h>

#include "expect.hpp"

static volatile pid_t forked = -1;

int main() {
  struct sigaction action = {};
  action.sa_handler = [](int) { forked = fork(); };
  EXPECT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  const int before = 41;
  EXPECT_EQ(raise(SIGUSR1), 0);
  EXPECT(forked >= 0);
  if (forked == 0) _exit(before + 1);
  EXPECT_EQ(WEXITSTATUS(status_of(forked)), 42);
  sigset_t mask;
  EXPECT_EQ(sigprocmask(SIG_BLOCK, nullptr, &mask), 0);
  EXPECT_EQ(sigismember(&mask, SIGUSR1), 0);
  return ok();
}
