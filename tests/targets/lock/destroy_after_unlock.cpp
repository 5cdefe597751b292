// A mutex, semaphore or barrier may be destroyed and its memory unmapped as soon as the last user
// has it: a late wake-up must not touch it.
#include <semaphore.h>
#include <sys/mman.h>

#include "lock/counted.hpp"

struct Object {
  sem_t semaphore;
  pthread_mutex_t mutex;
  int uses;
};

static void* finish(void* argument) {
  auto* object = static_cast<Object*>(argument);
  pthread_mutex_lock(&object->mutex);
  const bool last = --object->uses == 0;
  pthread_mutex_unlock(&object->mutex);
  if (last) {
    EXPECT_EQ(pthread_mutex_destroy(&object->mutex), 0);
    EXPECT_EQ(munmap(object, 4096), 0);
  }
  return nullptr;
}

int main() {
  for (int round = 0; round < 20; ++round) {
    auto* object = static_cast<Object*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT(object != MAP_FAILED);
    pthread_mutex_init(&object->mutex, nullptr);
    object->uses = 4;
    pthread_t threads[4];
    for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, finish, object), 0);
    for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  }
  return ok();
}
