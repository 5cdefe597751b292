// Dynamic TLS of a library loaded while threads run: each thread gets its own fresh copy.
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>

#include "expect.hpp"

constexpr int thread_count = 6;
static sem_t loaded;
static int* (*counter)();

static void* work(void*) {
  EXPECT_EQ(sem_wait(&loaded), 0);
  int* mine = counter();
  EXPECT_EQ(*mine, 41);
  for (int i = 0; i < 10; ++i) {
    ++*mine;
    sched_yield();
  }
  EXPECT_EQ(*counter(), 51);
  return mine;
}

int main() {
  sem_init(&loaded, 0, 0);
  pthread_t threads[thread_count];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  sleep_ms(1);
  void* library = dlopen(SUPPORT_DIRECTORY "/liblocal.so", RTLD_NOW);
  EXPECT(library != nullptr);
  counter = reinterpret_cast<int* (*)()>(dlsym(library, "local_counter"));
  EXPECT(counter != nullptr);
  for (int i = 0; i < thread_count; ++i) sem_post(&loaded);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(*counter(), 41);
  return ok();
}
