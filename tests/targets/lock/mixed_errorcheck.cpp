// Mixed users of an error-checking mutex: the owner is the thread, whoever's function it used.
#include "lock/mixed.hpp"

int main() {
  pthread_mutex_t mutex;
  init_mutex(&mutex, PTHREAD_MUTEX_ERRORCHECK);
  expect_mixed_exclusion(&mutex);
  for (const MixedUser& a : mixed_users) {
    for (const MixedUser& b : mixed_users) {
      EXPECT_EQ(a.lock(&mutex), 0);
      if (&b != &mixed_users[1]) {
        EXPECT_EQ(b.lock(&mutex), EDEADLK);
        EXPECT_EQ(in_thread([&] { return b.unlock(&mutex); }), EPERM);
      }
      EXPECT_EQ(in_thread([&] { return b.trylock(&mutex); }), EBUSY);
      EXPECT_EQ(b.unlock(&mutex), 0);
    }
  }
  return ok();
}
