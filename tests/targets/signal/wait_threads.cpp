// A dedicated signal thread: all others block, it takes every process-directed signal by sigwait;
// several waiters share without losing one.
#include "signal/signal.hpp"

constexpr int signals = 60;
static int taken;
static void* takes(void*) {
  const sigset_t set = set_of({SIGRTMIN, SIGTERM});
  for (;;) {
    int number;
    EXPECT_EQ(sigwait(&set, &number), 0);
    if (number == SIGTERM) return nullptr;
    __atomic_fetch_add(&taken, 1, __ATOMIC_SEQ_CST);
  }
}

int main() {
  block({SIGRTMIN, SIGTERM});
  pthread_t threads[3];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, takes, nullptr), 0);
  for (int i = 0; i < signals; ++i) {
    sigval value = {};
    EXPECT_EQ(sigqueue(getpid(), SIGRTMIN, value), 0);
  }
  while (__atomic_load_n(&taken, __ATOMIC_SEQ_CST) < signals) sleep_ms(1);
  for (auto& thread : threads) EXPECT_EQ(pthread_kill(thread, SIGTERM), 0);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(taken, signals);
  return ok();
}
