// Two thousand detached threads come and go; each counts once.
#include <pthread.h>
#include <semaphore.h>

#include "expect.hpp"

constexpr int thread_count = 2000;
static sem_t done;
static int counted;

static void* work(void*) {
  __atomic_fetch_add(&counted, 1, __ATOMIC_RELAXED);
  EXPECT_EQ(sem_post(&done), 0);
  return nullptr;
}

int main() {
  sem_init(&done, 0, 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  for (int i = 0; i < thread_count; ++i) {
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, &attributes, work, nullptr), 0);
  }
  for (int i = 0; i < thread_count; ++i) EXPECT_EQ(sem_wait(&done), 0);
  EXPECT_EQ(counted, thread_count);
  return ok();
}
