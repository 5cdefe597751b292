// Cancellation in sem_wait and sem_timedwait; a later post is not lost.
#include <semaphore.h>

#include "thread/cancel.hpp"

static sem_t semaphore;
static void do_wait() { sem_wait(&semaphore); }
static void do_timedwait() {
  timespec until = timespec_of_ns(now_ns(CLOCK_REALTIME) + 1000000000000LL);
  sem_timedwait(&semaphore, &until);
}

int main() {
  EXPECT_EQ(sem_init(&semaphore, 0, 0), 0);
  expect_cancelled<do_wait>();
  expect_cancelled<do_timedwait>();
  EXPECT_EQ(sem_post(&semaphore), 0);
  EXPECT_EQ(sem_trywait(&semaphore), 0);
  EXPECT_ERRNO(sem_trywait(&semaphore), EAGAIN);
  return ok();
}
