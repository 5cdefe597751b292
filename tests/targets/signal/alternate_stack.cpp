// sigaltstack is per thread: SA_ONSTACK handlers run on it, others do not; it cannot be changed
// while in use; a new thread has none.
#include "signal/signal.hpp"

struct Place {
  char* low;
  size_t size;
  bool on_stack, busy;
};
static thread_local Place place;

static void on_signal(int number, siginfo_t*, void*) {
  char local;
  place.on_stack = &local >= place.low && &local < place.low + place.size;
  stack_t now;
  EXPECT_EQ(sigaltstack(nullptr, &now), 0);
  EXPECT_EQ((now.ss_flags & SS_ONSTACK) != 0, number == SIGUSR1);
  if (number == SIGUSR1) {
    stack_t other = {};
    other.ss_flags = SS_DISABLE;
    EXPECT_ERRNO(sigaltstack(&other, nullptr), EPERM);
    sleep_ms(1);  // others' handlers run meanwhile, on their own stacks
  }
}

static void* work(void*) {
  stack_t stack;
  EXPECT_EQ(sigaltstack(nullptr, &stack), 0);
  EXPECT_EQ(stack.ss_flags, SS_DISABLE);
  place.size = 64 << 10;
  place.low = new char[place.size];
  stack = {};
  stack.ss_sp = place.low;
  stack.ss_size = place.size;
  EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(raise(SIGUSR1), 0);
    EXPECT(place.on_stack);
    EXPECT_EQ(raise(SIGUSR2), 0);
    EXPECT(!place.on_stack);
  }
  stack_t old;
  stack.ss_flags = SS_DISABLE;
  EXPECT_EQ(sigaltstack(&stack, &old), 0);
  EXPECT(old.ss_sp == place.low);
  EXPECT_EQ(old.ss_size, place.size);
  delete[] place.low;
  return nullptr;
}

int main() {
  handle(SIGUSR1, on_signal, SA_ONSTACK);
  handle(SIGUSR2, on_signal);
  stack_t small = {};
  char bytes[64];
  small.ss_sp = bytes;
  small.ss_size = sizeof bytes;
  EXPECT_ERRNO(sigaltstack(&small, nullptr), ENOMEM);
  pthread_t threads[4];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  work(nullptr);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
