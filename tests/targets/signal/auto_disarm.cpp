// SS_AUTODISARM takes the alternate stack away while a handler runs on it and gives it back
// afterwards, so that another handler, or swapcontext out of the handler, cannot overwrite it.
#include "signal/signal.hpp"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static char first[64 << 10], second[64 << 10];
static bool is_on(const char* low) {
  char local;
  return &local >= low && &local < low + sizeof first;
}

static int volatile inner;
static void on_inner(int, siginfo_t*, void*) {
  EXPECT(is_on(second));
  inner = inner + 1;
}
static void on_outer(int, siginfo_t*, void*) {
  EXPECT(is_on(first));
  stack_t now;
  EXPECT_EQ(sigaltstack(nullptr, &now), 0);
  EXPECT_EQ(now.ss_flags, SS_DISABLE);
  stack_t other = {};
  other.ss_sp = second;
  other.ss_size = sizeof second;
  EXPECT_EQ(sigaltstack(&other, nullptr), 0);
  raise(SIGUSR2);
}

int main() {
  handle(SIGUSR1, on_outer, SA_ONSTACK);
  handle(SIGUSR2, on_inner, SA_ONSTACK);
  stack_t stack = {}, now = {};
  stack.ss_sp = first;
  stack.ss_size = sizeof first;
  stack.ss_flags = static_cast<int>(SS_AUTODISARM);
  EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
  for (int i = 1; i <= 3; ++i) {
    raise(SIGUSR1);
    EXPECT_EQ(inner, i);
    EXPECT_EQ(sigaltstack(nullptr, &now), 0);
    EXPECT(now.ss_sp == first);
    EXPECT_EQ(now.ss_size, sizeof first);
    EXPECT_EQ(static_cast<unsigned>(now.ss_flags), SS_AUTODISARM);
  }
  stack.ss_flags = 77;
  EXPECT_ERRNO(sigaltstack(&stack, nullptr), EINVAL);
  stack.ss_flags = SS_DISABLE;
  EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
  EXPECT_EQ(sigaltstack(nullptr, &now), 0);
  EXPECT_EQ(now.ss_flags, SS_DISABLE);
  // Over fork it stays, over pthread_create it does not.
  stack.ss_flags = 0;
  EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
  EXPECT_CHILD_OK(start_child([] {
    stack_t inherited;
    EXPECT_EQ(sigaltstack(nullptr, &inherited), 0);
    EXPECT(inherited.ss_sp == first);
  }));
  return ok();
}
