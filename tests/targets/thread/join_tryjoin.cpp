// pthread_tryjoin_np says EBUSY while the thread lives and must in the end succeed.
#include <pthread.h>
#include <semaphore.h>

#include "expect.hpp"

static sem_t gate;
static void* work(void* argument) {
  EXPECT_EQ(sem_wait(&gate), 0);
  return argument;
}

int main() {
  sem_init(&gate, 0, 0);
  pthread_t thread;
  void* value = nullptr;
  int token;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, &token), 0);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pthread_tryjoin_np(thread, &value), EBUSY);
  EXPECT_EQ(sem_post(&gate), 0);
  int error, attempts = 0;
  while ((error = pthread_tryjoin_np(thread, &value)) == EBUSY) {
    ++attempts;
    sched_yield();
  }
  EXPECT_EQ(error, 0);
  EXPECT(value == &token);
  OBS("attempts %d", attempts);
  return ok();
}
