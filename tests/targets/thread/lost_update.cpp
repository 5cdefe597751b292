// A race by design: load, yield, store. The count is an observation between its two bounds.
#include <pthread.h>

#include "expect.hpp"

constexpr int thread_count = 4, rounds = 25;
static int counter;

static void* work(void*) {
  for (int i = 0; i < rounds; ++i) {
    const int seen = __atomic_load_n(&counter, __ATOMIC_RELAXED);
    sched_yield();
    __atomic_store_n(&counter, seen + 1, __ATOMIC_RELAXED);
  }
  return nullptr;
}

int main() {
  pthread_t threads[thread_count];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT(counter >= 1 && counter <= thread_count * rounds);
  OBS("counter %d", counter);
  return ok();
}
