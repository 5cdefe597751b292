// A thread polls the clock for a deadline or a flag, and another sets the flag after a sleep: the
// poller must not starve it, whichever clock function it polls.
#include <pthread.h>
#include <sys/time.h>

#include "expect.hpp"

static int flag;
static void* set_later(void*) {
  sleep_ms(5);
  __atomic_store_n(&flag, 1, __ATOMIC_SEQ_CST);
  return nullptr;
}

template <class Clock>
static void expect_flag(Clock clock) {
  flag = 0;
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, set_later, nullptr), 0);
  const long long start = clock(), deadline = start + 30000000000LL;
  long readings = 0;
  while (clock() < deadline && !__atomic_load_n(&flag, __ATOMIC_SEQ_CST)) ++readings;
  EXPECT_EQ(__atomic_load_n(&flag, __ATOMIC_SEQ_CST), 1);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
}

int main() {
  expect_flag([] { return now_ns(CLOCK_MONOTONIC); });
  expect_flag([] { return now_ns(CLOCK_REALTIME); });
  expect_flag([] {
    timeval now;
    gettimeofday(&now, nullptr);
    return (now.tv_sec * 1000000LL + now.tv_usec) * 1000;
  });
  expect_flag([] { return time(nullptr) * 1000000000LL; });
  expect_flag([] { return now_ns(CLOCK_MONOTONIC_COARSE); });
  return ok();
}
