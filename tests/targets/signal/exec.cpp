// Over exec ignored signals stay ignored, handled ones return to default, the mask and pending
// signals are kept.
#include "signal/signal.hpp"

int main(int argc, char** argv) {
  if (argc > 1) {
    struct sigaction now;
    EXPECT_EQ(sigaction(SIGUSR1, nullptr, &now), 0);
    EXPECT(now.sa_handler == SIG_DFL);
    EXPECT_EQ(sigaction(SIGUSR2, nullptr, &now), 0);
    EXPECT(now.sa_handler == SIG_IGN);
    EXPECT_EQ(sigaction(SIGSYS, nullptr, &now), 0);
    EXPECT(now.sa_handler == SIG_DFL);
    sigset_t mask, pending;
    EXPECT_EQ(sigprocmask(SIG_BLOCK, nullptr, &mask), 0);
    EXPECT_EQ(sigismember(&mask, SIGTERM), 1);
    EXPECT_EQ(sigismember(&mask, SIGINT), 0);
    EXPECT_EQ(sigpending(&pending), 0);
    EXPECT_EQ(sigismember(&pending, SIGTERM), 1);
    stack_t stack;
    EXPECT_EQ(sigaltstack(nullptr, &stack), 0);
    EXPECT_EQ(stack.ss_flags, SS_DISABLE);
    return ok();
  }
  handle(SIGUSR1, [](int, siginfo_t*, void*) {});
  handle(SIGSYS, [](int, siginfo_t*, void*) {});
  signal(SIGUSR2, SIG_IGN);
  block({SIGTERM});
  raise(SIGTERM);
  static char alternate[65536];
  stack_t stack = {};
  stack.ss_sp = alternate;
  stack.ss_size = sizeof alternate;
  sigaltstack(&stack, nullptr);
  execl("/proc/self/exe", argv[0], "again", nullptr);
  return 1;
}
