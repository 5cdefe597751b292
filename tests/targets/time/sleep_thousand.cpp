// Sixty sleeps of 1 ms in each of four threads, at once: virtual time makes them short, but each
// still takes its millisecond.
#include <pthread.h>

#include "expect.hpp"

static void* work(void*) {
  for (int i = 0; i < 60; ++i) {
    const long long start = now_ns(CLOCK_MONOTONIC);
    sleep_ms(1);
    EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 1000000);
  }
  return nullptr;
}

int main() {
  const long long start = now_ns(CLOCK_MONOTONIC);
  pthread_t threads[4];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  const long long elapsed = now_ns(CLOCK_MONOTONIC) - start;
  EXPECT(elapsed >= 60000000);
  return ok();
}
