// A waiter that was moved to another word still times out, and then is in neither queue.
#include "futex/futex.hpp"

static int first, second;
static int volatile timed_out;

static void* work(void*) {
  const long long deadline = now_ns(CLOCK_MONOTONIC) + 20000000;
  timespec limit = timespec_of_ns(deadline);
  EXPECT_ERRNO(futex(&first, FUTEX_WAIT_BITSET_PRIVATE, 0, &limit, nullptr, ~0u), ETIMEDOUT);
  EXPECT(now_ns(CLOCK_MONOTONIC) >= deadline);
  timed_out = 1;
  return nullptr;
}

int main() {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  long moved = 0;
  while (moved == 0 && !timed_out) {
    moved = futex_counts(&first, FUTEX_CMP_REQUEUE_PRIVATE, 0, 1, &second, 0);
    EXPECT(moved >= 0 && moved <= 1);
    if (!moved) sched_yield();
  }
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(futex(&first, FUTEX_WAKE_PRIVATE, 1), 0);
  EXPECT_EQ(futex(&second, FUTEX_WAKE_PRIVATE, 1), 0);
  return ok();
}
