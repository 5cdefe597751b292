// Unnamed POSIX semaphores: value, order of wait and post, trywait, timed waits, wait interrupted
// by a post from a signal handler.
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "expect.hpp"

static sem_t items, posted_by_handler;
static int consumed;

static void* consume(void*) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(sem_wait(&items), 0);
    __atomic_fetch_add(&consumed, 1, __ATOMIC_SEQ_CST);
  }
  return nullptr;
}

int main() {
  EXPECT_EQ(sem_init(&items, 0, 3), 0);
  int value = -1;
  EXPECT_EQ(sem_getvalue(&items, &value), 0);
  EXPECT_EQ(value, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sem_trywait(&items), 0);
  EXPECT_ERRNO(sem_trywait(&items), EAGAIN);
  EXPECT_ERRNO(sem_init(&items, 0, 0x80000000u), EINVAL);

  const long long deadline = now_ns(CLOCK_REALTIME) + 5000000;
  timespec until = timespec_of_ns(deadline);
  EXPECT_ERRNO(sem_timedwait(&items, &until), ETIMEDOUT);
  EXPECT(now_ns(CLOCK_REALTIME) >= deadline);
  const long long monotonic = now_ns(CLOCK_MONOTONIC) + 5000000;
  until = timespec_of_ns(monotonic);
  EXPECT_ERRNO(sem_clockwait(&items, CLOCK_MONOTONIC, &until), ETIMEDOUT);
  EXPECT(now_ns(CLOCK_MONOTONIC) >= monotonic);
  until.tv_nsec = -1;
  EXPECT_ERRNO(sem_timedwait(&items, &until), EINVAL);

  pthread_t threads[4];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, consume, nullptr), 0);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(sem_post(&items), 0);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(consumed, 200);

  EXPECT_EQ(sem_init(&posted_by_handler, 0, 0), 0);
  signal(SIGUSR1, [](int) { sem_post(&posted_by_handler); });
  EXPECT_EQ(raise(SIGUSR1), 0);
  EXPECT_EQ(sem_wait(&posted_by_handler), 0);
  EXPECT_EQ(sem_destroy(&items), 0);
  return ok();
}
