// Unwinding out of a handler passes through the signal frame to the interrupted functions.
#include <execinfo.h>

#include "signal/signal.hpp"

static int frames_seen;
static void on_signal(int, siginfo_t*, void*) {
  void* frames[64];
  frames_seen = backtrace(frames, 64);
}

__attribute__((noinline)) static int deep(int depth) {
  if (depth == 0) return raise(SIGUSR1);
  const int result = deep(depth - 1);
  asm volatile("" ::: "memory");
  return result;
}

int main() {
  void* first[2];
  backtrace(first, 2);  // loads the unwinder outside the handler
  handle(SIGUSR1, on_signal);
  EXPECT_EQ(deep(20), 0);
  EXPECT(frames_seen > 22);
  return ok();
}
