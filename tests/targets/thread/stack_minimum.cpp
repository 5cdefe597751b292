// Threads with PTHREAD_STACK_MIN lock, sleep and signal each other.
#include <limits.h>
#include <pthread.h>

#include "expect.hpp"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void* work(void*) {
  for (int i = 0; i < 20; ++i) {
    pthread_mutex_lock(&mutex);
    const long seen = counter;
    sched_yield();
    counter = seen + 1;
    pthread_mutex_unlock(&mutex);
  }
  return nullptr;
}

int main() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  EXPECT_EQ(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN), 0);
  EXPECT_EQ(pthread_attr_setguardsize(&attributes, 0), 0);
  pthread_t threads[16];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, &attributes, work, nullptr), 0);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(counter, 16 * 20);
  return ok();
}
