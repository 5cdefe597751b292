// Three hundred threads one after the other: glibc reuses a cached stack only when the old
// thread's clear-child-tid was honoured.
#include <pthread.h>

#include "expect.hpp"

static thread_local int fresh;

static void* work(void* argument) {
  EXPECT_EQ(fresh, 0);
  fresh = 1;
  return static_cast<char*>(argument) + 1;
}

int main() {
  for (long i = 0; i < 300; ++i) {
    pthread_t thread;
    void* result = nullptr;
    EXPECT_EQ(pthread_create(&thread, nullptr, work, reinterpret_cast<void*>(i)), 0);
    EXPECT_EQ(pthread_join(thread, &result), 0);
    EXPECT_EQ(reinterpret_cast<long>(result), i + 1);
  }
  return ok();
}
