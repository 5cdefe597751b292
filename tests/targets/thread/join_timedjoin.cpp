// pthread_timedjoin_np and pthread_clockjoin_np time out at their deadline, not before, and leave
// the thread joinable.
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
  int token;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, &token), 0);

  long long deadline = now_ns(CLOCK_REALTIME) + 10000000;
  timespec until = timespec_of_ns(deadline);
  EXPECT_EQ(pthread_timedjoin_np(thread, nullptr, &until), ETIMEDOUT);
  EXPECT(now_ns(CLOCK_REALTIME) >= deadline);

  deadline = now_ns(CLOCK_MONOTONIC) + 10000000;
  until = timespec_of_ns(deadline);
  EXPECT_EQ(pthread_clockjoin_np(thread, nullptr, CLOCK_MONOTONIC, &until), ETIMEDOUT);
  EXPECT(now_ns(CLOCK_MONOTONIC) >= deadline);

  until = timespec_of_ns(1);
  EXPECT_EQ(pthread_timedjoin_np(thread, nullptr, &until), ETIMEDOUT);
  EXPECT_EQ(sem_post(&gate), 0);
  until = timespec_of_ns(now_ns(CLOCK_MONOTONIC) + 60000000000LL);
  void* value = nullptr;
  EXPECT_EQ(pthread_clockjoin_np(thread, &value, CLOCK_MONOTONIC, &until), 0);
  EXPECT(value == &token);
  return ok();
}
