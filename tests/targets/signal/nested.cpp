// Handlers within handlers across several signals unwind in order; sleeping handlers let other
// threads go on.
#include <string>

#include "signal/signal.hpp"

static std::string log;
static int ticks;
static void on_signal(int number, siginfo_t*, void*) {
  const int depth = number - SIGRTMIN;
  log += static_cast<char>('a' + depth);
  sleep_ms(1);
  if (depth < 4) raise(number + 1);
  log += static_cast<char>('A' + depth);
}
static void* ticks_along(void*) {
  for (int i = 0; i < 5; ++i) {
    sleep_ms(1);
    __atomic_fetch_add(&ticks, 1, __ATOMIC_SEQ_CST);
  }
  return nullptr;
}

int main() {
  for (int i = 0; i < 5; ++i) handle(SIGRTMIN + i, on_signal);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, ticks_along, nullptr), 0);
  raise(SIGRTMIN);
  EXPECT_EQ(log, "abcdeEDCBA");
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(ticks, 5);
  return ok();
}
