// Threads that create threads, five levels deep, each joining its own.
#include <pthread.h>

#include "expect.hpp"

static void* work(void* argument) {
  const long depth = reinterpret_cast<long>(argument);
  if (depth == 0) return reinterpret_cast<void*>(1);
  long sum = 1;
  pthread_t threads[2];
  for (auto& thread : threads) {
    EXPECT_EQ(pthread_create(&thread, nullptr, work, reinterpret_cast<void*>(depth - 1)), 0);
  }
  for (auto& thread : threads) {
    void* value = nullptr;
    EXPECT_EQ(pthread_join(thread, &value), 0);
    sum += reinterpret_cast<long>(value);
  }
  return reinterpret_cast<void*>(sum);
}

int main() {
  EXPECT_EQ(reinterpret_cast<long>(work(reinterpret_cast<void*>(5))), 63);
  return ok();
}
