// Two hundred threads blocked at once on one condition variable, all woken by one broadcast.
#include <pthread.h>

#include "expect.hpp"

constexpr int thread_count = 200;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER, all_here = PTHREAD_COND_INITIALIZER;
static int waiting, go, passed;

static void* work(void*) {
  pthread_mutex_lock(&mutex);
  if (++waiting == thread_count) pthread_cond_signal(&all_here);
  while (!go) pthread_cond_wait(&condition, &mutex);
  ++passed;
  pthread_mutex_unlock(&mutex);
  return nullptr;
}

int main() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  pthread_t threads[thread_count];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, &attributes, work, nullptr), 0);
  pthread_mutex_lock(&mutex);
  while (waiting < thread_count) pthread_cond_wait(&all_here, &mutex);
  EXPECT_EQ(passed, 0);
  go = 1;
  EXPECT_EQ(pthread_cond_broadcast(&condition), 0);
  pthread_mutex_unlock(&mutex);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(passed, thread_count);
  return ok();
}
