// Each thread has its own value for each of 100 keys (beyond glibc's first block), kept across
// switches.
#include <pthread.h>

#include "expect.hpp"

constexpr int key_count = 100, thread_count = 8;
static pthread_key_t keys[key_count];

static void* work(void* argument) {
  const long base = reinterpret_cast<long>(argument);
  for (long i = 0; i < key_count; ++i) {
    EXPECT_EQ(pthread_setspecific(keys[i], reinterpret_cast<void*>(base + i)), 0);
    if (i % 16 == 0) sched_yield();
  }
  sleep_ms(1);
  for (long i = 0; i < key_count; ++i) {
    EXPECT_EQ(reinterpret_cast<long>(pthread_getspecific(keys[i])), base + i);
  }
  return nullptr;
}

int main() {
  for (auto& key : keys) EXPECT_EQ(pthread_key_create(&key, nullptr), 0);
  pthread_t threads[thread_count];
  for (long i = 0; i < thread_count; ++i) {
    void* base = reinterpret_cast<void*>((i + 1) * 1000);
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, base), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
