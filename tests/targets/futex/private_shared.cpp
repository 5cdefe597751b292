// A private and a shared futex on the same private word are two queues.
#include "futex/futex.hpp"

int main() {
  static int word = 0;
  Waiter waiter;
  waiter.start(&word, FUTEX_WAIT_PRIVATE, 0);
  sleep_ms(2);
  EXPECT_EQ(futex(&word, FUTEX_WAKE, 10), 0);
  wake_exactly(&word, FUTEX_WAKE_PRIVATE, 1);
  waiter.join();
  waiter.start(&word, FUTEX_WAIT, 0);
  sleep_ms(2);
  EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 10), 0);
  wake_exactly(&word, FUTEX_WAKE, 1);
  waiter.join();
  EXPECT_EQ(waiter.result, 0);
  return ok();
}
