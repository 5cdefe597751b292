// A pthread_once routine that is cancelled counts as never run: a waiting thread runs it.
#include <pthread.h>
#include <semaphore.h>

#include "expect.hpp"

static pthread_once_t control = PTHREAD_ONCE_INIT;
static sem_t started;
static int runs;

static void initialise() {
  if (__atomic_add_fetch(&runs, 1, __ATOMIC_SEQ_CST) == 1) {
    sem_post(&started);
    sleep_ms(1000000);
  }
}
static void* work(void*) {
  EXPECT_EQ(pthread_once(&control, initialise), 0);
  return nullptr;
}

int main() {
  sem_init(&started, 0, 0);
  pthread_t first, second;
  void* value = nullptr;
  EXPECT_EQ(pthread_create(&first, nullptr, work, nullptr), 0);
  EXPECT_EQ(sem_wait(&started), 0);
  EXPECT_EQ(pthread_create(&second, nullptr, work, nullptr), 0);
  sleep_ms(3);
  EXPECT_EQ(pthread_cancel(first), 0);
  EXPECT_EQ(pthread_join(first, &value), 0);
  EXPECT(value == PTHREAD_CANCELED);
  EXPECT_EQ(pthread_join(second, &value), 0);
  EXPECT(value == nullptr);
  EXPECT_EQ(runs, 2);
  return ok();
}
