// Mixed users of a priority-inheritance mutex, plain and recursive.
#include "lock/mixed.hpp"

int main() {
  pthread_mutex_t mutex;
  for (int type : {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK}) {
    init_mutex(&mutex, type, PTHREAD_PRIO_INHERIT);
    expect_mixed_exclusion(&mutex);
    EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);
  }
  init_mutex(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST);
  expect_mixed_exclusion(&mutex);
  return ok();
}
