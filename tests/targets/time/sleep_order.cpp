// Threads that sleep for different times wake in the order of their deadlines: told by the clock
// each reads, not by the scheduler.
#include <pthread.h>

#include "support/interleaving.hpp"

static void* work(void* argument) {
  const long index = reinterpret_cast<long>(argument);
  const long long start = now_ns(CLOCK_MONOTONIC);
  sleep_ms(5 * (index + 1));
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 5000000 * (index + 1));
  interleaving_note(static_cast<char>('a' + index));
  return nullptr;
}

int main() {
  pthread_t threads[5];
  for (long i = 4; i >= 0; --i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  interleaving_print();
  return ok();
}
