// A normal mutex excludes; trylock by anyone, the owner too, says EBUSY; statically and
// dynamically initialised.
#include "lock/counted.hpp"

int main() {
  static pthread_mutex_t fixed = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_t made;
  init_mutex(&made, PTHREAD_MUTEX_NORMAL);
  for (auto* mutex : {&fixed, &made}) {
    expect_exclusion([&](Counted& counted, int, int) {
      EXPECT_EQ(pthread_mutex_lock(mutex), 0);
      counted.step();
      EXPECT_EQ(pthread_mutex_unlock(mutex), 0);
    });
    EXPECT_EQ(pthread_mutex_lock(mutex), 0);
    EXPECT_EQ(pthread_mutex_trylock(mutex), EBUSY);
    EXPECT_EQ(in_thread([&] { return pthread_mutex_trylock(mutex); }), EBUSY);
    EXPECT_EQ(pthread_mutex_destroy(mutex), EBUSY);
    EXPECT_EQ(pthread_mutex_unlock(mutex), 0);
    EXPECT_EQ(pthread_mutex_destroy(mutex), 0);
  }
  return ok();
}
