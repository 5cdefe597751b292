// sigsuspend lets the signal in at that moment only, returns EINTR after the handler, and restores
// the mask; pause likewise.
#include "signal/signal.hpp"

static int volatile hits;
static void on_signal(int, siginfo_t*, void*) { hits = hits + 1; }

int main() {
  handle(SIGUSR1, on_signal);
  handle(SIGUSR2, on_signal);
  block({SIGUSR1, SIGUSR2});
  EXPECT_EQ(raise(SIGUSR1), 0);
  EXPECT_EQ(hits, 0);
  sigset_t only_second;
  sigfillset(&only_second);
  sigdelset(&only_second, SIGUSR1);
  EXPECT_ERRNO(sigsuspend(&only_second), EINTR);
  EXPECT_EQ(hits, 1);
  sigset_t now;
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, nullptr, &now), 0);
  EXPECT_EQ(sigismember(&now, SIGUSR1), 1);
  EXPECT_EQ(sigismember(&now, SIGUSR2), 1);
  const pid_t parent = getpid();
  const pid_t child = start_child([&] {
    sleep_ms(3);
    EXPECT_EQ(kill(parent, SIGUSR1), 0);
  });
  EXPECT_EQ(raise(SIGUSR2), 0);
  EXPECT_ERRNO(sigsuspend(&only_second), EINTR);
  EXPECT_EQ(hits, 2);
  unblock({SIGUSR2});
  EXPECT_EQ(hits, 3);
  EXPECT_CHILD_OK(child);
  return ok();
}
