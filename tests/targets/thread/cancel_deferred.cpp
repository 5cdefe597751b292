// Deferred cancellation acts at a cancellation point only, and not while it is disabled.
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.hpp"

static sem_t ready, cancelled;
static int stage;

static void* work(void*) {
  int old = -1;
  EXPECT_EQ(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old), 0);
  EXPECT_EQ(old, PTHREAD_CANCEL_ENABLE);
  sem_post(&ready);
  sem_wait(&cancelled);
  sleep_ms(1);  // a cancellation point, but disabled
  pthread_testcancel();
  stage = 1;
  EXPECT_EQ(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old), 0);
  EXPECT_EQ(old, PTHREAD_CANCEL_DISABLE);
  // Not a cancellation point: plain calls.
  EXPECT(getpid() > 0);
  EXPECT(syscall(SYS_gettid) > 0);
  sched_yield();
  stage = 2;
  pthread_testcancel();
  stage = 3;
  return nullptr;
}

int main() {
  sem_init(&ready, 0, 0);
  sem_init(&cancelled, 0, 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  sem_wait(&ready);
  EXPECT_EQ(pthread_cancel(thread), 0);
  sem_post(&cancelled);
  void* value = nullptr;
  EXPECT_EQ(pthread_join(thread, &value), 0);
  EXPECT(value == PTHREAD_CANCELED);
  EXPECT_EQ(stage, 2);
  return ok();
}
