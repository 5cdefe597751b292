// FUTEX_WAIT and FUTEX_WAKE: EAGAIN on another value, the count woken is exact, nobody else wakes.
#include "futex/futex.hpp"

int main() {
  static int word = 7, elsewhere = 0;
  EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 8), EAGAIN);
  EXPECT_ERRNO(futex(&word, FUTEX_WAIT, 8), EAGAIN);
  EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 10), 0);
  Waiter waiters[5];
  for (auto& waiter : waiters) waiter.start(&word, FUTEX_WAIT_PRIVATE, 7);
  sleep_ms(2);
  EXPECT_EQ(futex(&elsewhere, FUTEX_WAKE_PRIVATE, 10), 0);
  wake_exactly(&word, FUTEX_WAKE_PRIVATE, 2);
  sleep_ms(2);
  int woken = 0;
  for (auto& waiter : waiters) woken += waiter.is_woken();
  EXPECT(woken <= 2);
  wake_exactly(&word, FUTEX_WAKE_PRIVATE, 3);
  for (auto& waiter : waiters) {
    waiter.join();
    EXPECT_EQ(waiter.result, 0);
  }
  EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 10), 0);
  return ok();
}
