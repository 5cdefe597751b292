// Spinlocks exclude, trylock says EBUSY, and a holder that sleeps is waited for.
#include "lock/counted.hpp"

int main() {
  pthread_spinlock_t lock;
  EXPECT_EQ(pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE), 0);
  expect_exclusion([&](Counted& counted, int index, int round) {
    EXPECT_EQ(pthread_spin_lock(&lock), 0);
    counted.step();
    if (index == 0 && round == 5) sleep_ms(1);
    EXPECT_EQ(pthread_spin_unlock(&lock), 0);
  });
  EXPECT_EQ(pthread_spin_lock(&lock), 0);
  EXPECT_EQ(pthread_spin_trylock(&lock), EBUSY);
  EXPECT_EQ(pthread_spin_unlock(&lock), 0);
  EXPECT_EQ(pthread_spin_trylock(&lock), 0);
  EXPECT_EQ(pthread_spin_destroy(&lock), 0);
  return ok();
}
