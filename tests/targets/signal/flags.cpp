// SA_NODEFER, SA_RESETHAND, sa_mask, the default deferral, and what sigaction gives back.
#include <string>

#include "signal/signal.hpp"

static std::string log;
static int volatile depth;
static void nests(int number, siginfo_t*, void*) {
  log += '(';
  depth = depth + 1;
  if (depth == 1) raise(number);
  log += ')';
}
static void raises_other(int, siginfo_t*, void*) {
  log += '[';
  raise(SIGUSR2);
  log += ']';
}
static void other(int, siginfo_t*, void*) { log += 'o'; }

int main() {
  handle(SIGUSR1, nests);
  raise(SIGUSR1);
  EXPECT_EQ(log, "()()");
  log.clear();
  depth = 0;
  handle(SIGUSR1, nests, SA_NODEFER);
  raise(SIGUSR1);
  EXPECT_EQ(log, "(())");
  log.clear();
  depth = 1;
  handle(SIGUSR1, nests, static_cast<int>(SA_RESETHAND));
  raise(SIGUSR1);
  EXPECT_EQ(log, "()");
  struct sigaction now;
  EXPECT_EQ(sigaction(SIGUSR1, nullptr, &now), 0);
  EXPECT(now.sa_handler == SIG_DFL);

  log.clear();
  handle(SIGUSR2, other);
  handle(SIGUSR1, raises_other);
  raise(SIGUSR1);
  EXPECT_EQ(log, "[o]");
  struct sigaction action = {};
  action.sa_sigaction = raises_other;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaddset(&action.sa_mask, SIGUSR2);
  EXPECT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  log.clear();
  raise(SIGUSR1);
  EXPECT_EQ(log, "[]o");
  EXPECT_EQ(sigaction(SIGUSR1, nullptr, &now), 0);
  EXPECT(now.sa_sigaction == raises_other);
  EXPECT_EQ(now.sa_flags & (SA_SIGINFO | SA_RESTART), SA_SIGINFO | SA_RESTART);
  EXPECT_EQ(sigismember(&now.sa_mask, SIGUSR2), 1);
  EXPECT_EQ(sigismember(&now.sa_mask, SIGUSR1), 0);
  EXPECT_ERRNO(sigaction(SIGKILL, &action, nullptr), EINVAL);
  EXPECT_ERRNO(sigaction(0, &action, nullptr), EINVAL);
  EXPECT(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
  raise(SIGUSR1);
  return ok();
}
