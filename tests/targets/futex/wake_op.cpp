// FUTEX_WAKE_OP: the operation on the second word, the comparison with its old value, and who is
// woken by it.
#include "futex/futex.hpp"

int main() {
  static int first = 0, second = 0;
  struct Case {
    int operation, argument, before, after;
  } cases[] = {{FUTEX_OP_SET, 9, 5, 9}, {FUTEX_OP_ADD, -3, 5, 2},
               {FUTEX_OP_OR, 6, 9, 15}, {FUTEX_OP_ANDN, 6, 15, 9},
               {FUTEX_OP_XOR, 3, 6, 5}, {FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 4, 1, 17}};
  for (const Case& each : cases) {
    second = each.before;
    const unsigned code = FUTEX_OP(static_cast<unsigned>(each.operation),
                                   static_cast<unsigned>(each.argument) & 0xfff,
                                   static_cast<unsigned>(FUTEX_OP_CMP_EQ), 0u);
    EXPECT_EQ(futex_counts(&first, FUTEX_WAKE_OP_PRIVATE, 1, 1, &second, code), 0);
    EXPECT_EQ(second, each.after);
  }
  Waiter one, two;
  second = 4;
  one.start(&first, FUTEX_WAIT_PRIVATE, 0);
  two.start(&second, FUTEX_WAIT_PRIVATE, 4);
  sleep_ms(1);
  // Old value 4 is not greater than 4: the second word's waiter stays.
  unsigned code = FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_GT, 4);
  while (futex_counts(&first, FUTEX_WAKE_OP_PRIVATE, 10, 10, &second, code) == 0) sleep_ms(1);
  one.join();
  EXPECT(!two.is_woken());
  code = FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_GE, 4);
  while (futex_counts(&first, FUTEX_WAKE_OP_PRIVATE, 10, 10, &second, code) == 0) sleep_ms(1);
  two.join();
  EXPECT_EQ(two.result, 0);
  code = FUTEX_OP(7u, 0u, 0u, 0u);
  EXPECT_ERRNO(futex_counts(&first, FUTEX_WAKE_OP_PRIVATE, 1, 1, &second, code), ENOSYS);
  return ok();
}
