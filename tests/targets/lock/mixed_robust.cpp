// Mixed users of a robust mutex, and of one whose owner died while others waited.
#include "lock/mixed.hpp"

int main() {
  pthread_mutex_t mutex;
  init_mutex(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
  expect_mixed_exclusion(&mutex);
  for (const MixedUser& user : mixed_users) {
    // mtx_lock has no way to say that the owner died; it is only the one that dies.
    EXPECT_EQ(in_thread([&] { return user.lock(&mutex); }), 0);
    const MixedUser& next = &user == &mixed_users[1] ? mixed_users[4] : user;
    EXPECT_EQ(next.lock(&mutex), EOWNERDEAD);
    EXPECT_EQ(pthread_mutex_consistent(&mutex), 0);
    EXPECT_EQ(user.unlock(&mutex), 0);
  }
  return ok();
}
