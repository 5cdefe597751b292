// FUTEX_REQUEUE and FUTEX_CMP_REQUEUE: some woken, some moved to the other word, where only its
// wake reaches them; EAGAIN when the value changed.
#include "futex/futex.hpp"

int main() {
  static int first = 3, second = 0;
  Waiter waiters[5];
  for (auto& waiter : waiters) waiter.start(&first, FUTEX_WAIT_PRIVATE, 3);
  EXPECT_ERRNO(futex_counts(&first, FUTEX_CMP_REQUEUE_PRIVATE, 1, 10, &second, 4), EAGAIN);
  // Move all, wake none: however late they come, five in all.
  long moved = 0;
  while (moved < 5) {
    const long now = futex_counts(&first, FUTEX_CMP_REQUEUE_PRIVATE, 0, 10, &second, 3);
    EXPECT(now >= 0);
    moved += now;
    if (moved < 5) sleep_ms(1);
  }
  EXPECT_EQ(moved, 5);
  EXPECT_EQ(futex(&first, FUTEX_WAKE_PRIVATE, 10), 0);
  for (auto& waiter : waiters) EXPECT(!waiter.is_woken());
  // Back again: two are woken and one is moved, which makes three.
  EXPECT_EQ(futex_counts(&second, FUTEX_REQUEUE_PRIVATE, 2, 1, &first), 3);
  EXPECT_EQ(futex(&first, FUTEX_WAKE_PRIVATE, 10), 1);
  EXPECT_EQ(futex(&second, FUTEX_WAKE_PRIVATE, 10), 2);
  for (auto& waiter : waiters) {
    waiter.join();
    EXPECT_EQ(waiter.result, 0);
  }
  return ok();
}
