// A process-shared mutex of every type counts between three children.
#include "lock/shared.hpp"

struct Shared {
  pthread_mutex_t mutex;
  Counted counted;
};

int main() {
  for (int type : {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                   PTHREAD_MUTEX_ADAPTIVE_NP}) {
    for (int protocol : {PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT}) {
      auto* shared = shared_object<Shared>();
      init_mutex(&shared->mutex, type, protocol, PTHREAD_MUTEX_STALLED, PTHREAD_PROCESS_SHARED);
      in_children([&](int, int) {
        EXPECT_EQ(pthread_mutex_lock(&shared->mutex), 0);
        shared->counted.step();
        EXPECT_EQ(pthread_mutex_unlock(&shared->mutex), 0);
      });
      EXPECT_EQ(shared->counted.counter, shared_children * shared_rounds);
    }
  }
  return ok();
}
