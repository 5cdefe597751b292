// A process-shared condition variable passes a turn around three children, with threads of the
// parent watching.
#include "lock/shared.hpp"

struct Shared {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  int turn;
};

int main() {
  auto* shared = shared_object<Shared>();
  init_mutex(&shared->mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED,
             PTHREAD_PROCESS_SHARED);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  EXPECT_EQ(pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
  EXPECT_EQ(pthread_cond_init(&shared->condition, &attributes), 0);
  pthread_t watcher;
  void* (*watch)(void*) = [](void* argument) -> void* {
    auto* its = static_cast<Shared*>(argument);
    pthread_mutex_lock(&its->mutex);
    while (its->turn < shared_children * shared_rounds) {
      pthread_cond_wait(&its->condition, &its->mutex);
    }
    pthread_mutex_unlock(&its->mutex);
    return nullptr;
  };
  EXPECT_EQ(pthread_create(&watcher, nullptr, watch, shared), 0);
  in_children([&](int index, int) {
    pthread_mutex_lock(&shared->mutex);
    while (shared->turn % shared_children != index) {
      EXPECT_EQ(pthread_cond_wait(&shared->condition, &shared->mutex), 0);
    }
    ++shared->turn;
    pthread_cond_broadcast(&shared->condition);
    pthread_mutex_unlock(&shared->mutex);
  });
  EXPECT_EQ(pthread_join(watcher, nullptr), 0);
  EXPECT_EQ(shared->turn, shared_children * shared_rounds);
  return ok();
}
