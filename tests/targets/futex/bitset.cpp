// FUTEX_WAKE_BITSET wakes only waiters whose bits meet.
#include "futex/futex.hpp"

int main() {
  static int word = 0;
  Waiter odd, even, any;
  odd.start(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, 0x55555555);
  even.start(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, 0xaaaaaaaa);
  any.start(&word, FUTEX_WAIT_PRIVATE, 0);
  const auto wake = [](unsigned bits) {
    return futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, nullptr, nullptr, bits);
  };
  // Bit 0: the odd one and the plain waiter, whenever they have come.
  long woken = 0;
  while ((woken += wake(1)) < 2) sleep_ms(1);
  EXPECT_EQ(woken, 2);
  odd.join();
  any.join();
  EXPECT(!even.is_woken());
  while (wake(0x80000000) != 1) sleep_ms(1);
  even.join();
  EXPECT_EQ(odd.result + even.result + any.result, 0);
  return ok();
}
