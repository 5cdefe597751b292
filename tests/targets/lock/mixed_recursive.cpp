// Mixed users of a recursive mutex, taken two deep by different users.
#include "lock/mixed.hpp"

int main() {
  pthread_mutex_t mutex;
  init_mutex(&mutex, PTHREAD_MUTEX_RECURSIVE);
  expect_mixed_exclusion(&mutex);
  expect_exclusion([&](Counted& counted, int index, int round) {
    const MixedUser& outer = mixed_users[index % mixed_user_count];
    const MixedUser& inner = mixed_users[round % mixed_user_count];
    EXPECT_EQ(outer.lock(&mutex), 0);
    EXPECT_EQ(inner.lock(&mutex), 0);
    counted.step();
    EXPECT_EQ(outer.unlock(&mutex), 0);
    sched_yield();
    EXPECT_EQ(inner.unlock(&mutex), 0);
  });
  return ok();
}
