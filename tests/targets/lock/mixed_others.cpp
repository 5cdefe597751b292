// Read-write locks, semaphores and barriers shared by direct callers and a dlmopen'ed library.
#include <dlfcn.h>
#include <semaphore.h>

#include "lock/counted.hpp"

int main() {
  void* library = dlmopen(LM_ID_NEWLM, SUPPORT_DIRECTORY "/liblocker.so", RTLD_NOW);
  EXPECT(library != nullptr);
  const auto find = [&](auto* function, const char* name) {
    auto* found = reinterpret_cast<decltype(function)>(dlsym(library, name));
    EXPECT(found != nullptr);
    return found;
  };
  auto* far_wrlock = find(pthread_rwlock_wrlock, "locker_rwlock_wrlock");
  auto* far_rdlock = find(pthread_rwlock_rdlock, "locker_rwlock_rdlock");
  auto* far_unlock = find(pthread_rwlock_unlock, "locker_rwlock_unlock");
  auto* far_sem_wait = find(sem_wait, "locker_sem_wait");
  auto* far_sem_post = find(sem_post, "locker_sem_post");
  auto* far_barrier_wait = find(pthread_barrier_wait, "locker_barrier_wait");

  pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
  expect_exclusion([&](Counted& counted, int index, int round) {
    EXPECT_EQ((index % 2 ? far_rdlock : pthread_rwlock_rdlock)(&rwlock), 0);
    EXPECT_EQ((round % 2 ? far_unlock : pthread_rwlock_unlock)(&rwlock), 0);
    EXPECT_EQ((index % 2 ? far_wrlock : pthread_rwlock_wrlock)(&rwlock), 0);
    counted.step();
    EXPECT_EQ((round % 2 ? far_unlock : pthread_rwlock_unlock)(&rwlock), 0);
  });
  sem_t semaphore;
  sem_init(&semaphore, 0, 1);
  expect_exclusion([&](Counted& counted, int index, int round) {
    EXPECT_EQ((index % 2 ? far_sem_wait : sem_wait)(&semaphore), 0);
    counted.step();
    EXPECT_EQ((round % 2 ? far_sem_post : sem_post)(&semaphore), 0);
  });
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, counted_threads);
  int serials = 0;
  expect_exclusion([&](Counted& counted, int index, int) {
    const int result = (index % 2 ? far_barrier_wait : pthread_barrier_wait)(&barrier);
    if (result == PTHREAD_BARRIER_SERIAL_THREAD) __atomic_fetch_add(&serials, 1, __ATOMIC_SEQ_CST);
    sem_wait(&semaphore);
    counted.step();
    sem_post(&semaphore);
  });
  EXPECT_EQ(serials, counted_rounds);
  return ok();
}
