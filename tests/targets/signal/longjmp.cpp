// siglongjmp out of a handler restores the mask when asked, longjmp does not; jumping out of a
// blocking call many times leaves no residue.
#include <setjmp.h>

#include "signal/signal.hpp"

static sigjmp_buf with_mask;
static jmp_buf without_mask;
static int volatile count;
static bool blocked(int number) {
  sigset_t now;
  pthread_sigmask(SIG_BLOCK, nullptr, &now);
  return sigismember(&now, number) == 1;
}

int main() {
  handle(SIGUSR1, [](int, siginfo_t*, void*) { siglongjmp(with_mask, 5); });
  handle(SIGUSR2, [](int, siginfo_t*, void*) { longjmp(without_mask, 6); });
  for (int i = 0; i < 50; ++i) {
    const int value = sigsetjmp(with_mask, 1);
    if (value == 0) {
      raise(SIGUSR1);
      EXPECT(!"not reached");
    }
    EXPECT_EQ(value, 5);
    EXPECT(!blocked(SIGUSR1));
  }
  const int value = _setjmp(without_mask);
  if (value == 0) raise(SIGUSR2);
  EXPECT_EQ(value, 6);
  EXPECT(blocked(SIGUSR2));
  unblock({SIGUSR2});

  handle(SIGALRM, [](int, siginfo_t*, void*) { siglongjmp(with_mask, 1); });
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  while (count < 10) {
    count = count + 1;
    if (sigsetjmp(with_mask, 1) == 0) {
      ualarm(1000, 0);
      char byte;
      EXPECT(read(channel[0], &byte, 1) == 99);
    }
  }
  EXPECT_EQ(count, 10);
  return ok();
}
