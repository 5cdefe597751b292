// Timeouts: FUTEX_WAIT is relative, FUTEX_WAIT_BITSET absolute, on the monotonic or real clock;
// none is early, a past one is at once, a bad one EINVAL.
#include "futex/futex.hpp"

int main() {
  static int word = 0;
  constexpr long long wait_ns = 4000000;
  long long start = now_ns(CLOCK_MONOTONIC);
  timespec limit = timespec_of_ns(wait_ns);
  EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit), ETIMEDOUT);
  EXPECT(now_ns(CLOCK_MONOTONIC) >= start + wait_ns);

  for (int flags : {FUTEX_PRIVATE_FLAG, 0}) {
    start = now_ns(CLOCK_MONOTONIC);
    limit = timespec_of_ns(start + wait_ns);
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_BITSET | flags, 0, &limit, nullptr, ~0u), ETIMEDOUT);
    EXPECT(now_ns(CLOCK_MONOTONIC) >= start + wait_ns);

    start = now_ns(CLOCK_REALTIME);
    limit = timespec_of_ns(start + wait_ns);
    const int realtime = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME | flags;
    EXPECT_ERRNO(futex(&word, realtime, 0, &limit, nullptr, ~0u), ETIMEDOUT);
    EXPECT(now_ns(CLOCK_REALTIME) >= start + wait_ns);
  }
  limit = timespec_of_ns(1);
  EXPECT_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &limit, nullptr, ~0u), ETIMEDOUT);
  // The value is looked at before the clock.
  EXPECT_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 1, &limit, nullptr, ~0u), EAGAIN);
  limit = {0, 0};
  EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit), ETIMEDOUT);
  limit = {0, 1000000000};
  EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit), EINVAL);
  limit = {-1, 0};
  EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit), EINVAL);
  // A waiter that timed out is gone from the queue.
  EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 1), 0);
  return ok();
}
