// Cancellation of a joiner leaves the joined thread joinable.
#include <semaphore.h>

#include "thread/cancel.hpp"

static pthread_t target;
static sem_t gate;
static void do_join() { pthread_join(target, nullptr); }
static void* work(void* argument) {
  EXPECT_EQ(sem_wait(&gate), 0);
  return argument;
}

int main() {
  sem_init(&gate, 0, 0);
  int token;
  EXPECT_EQ(pthread_create(&target, nullptr, work, &token), 0);
  expect_cancelled<do_join>();
  EXPECT_EQ(sem_post(&gate), 0);
  void* value = nullptr;
  EXPECT_EQ(pthread_join(target, &value), 0);
  EXPECT(value == &token);
  return ok();
}
