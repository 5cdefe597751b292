// Process-shared barrier, read-write lock, semaphore and spinlock between three children.
#include <semaphore.h>

#include "lock/shared.hpp"

struct Shared {
  pthread_barrier_t barrier;
  pthread_rwlock_t rwlock;
  sem_t semaphore;
  pthread_spinlock_t spinlock;
  Counted by_rwlock, by_semaphore, by_spinlock;
  int serials, arrived;
};

int main() {
  auto* shared = shared_object<Shared>();
  pthread_barrierattr_t barrier_attributes;
  pthread_barrierattr_init(&barrier_attributes);
  EXPECT_EQ(pthread_barrierattr_setpshared(&barrier_attributes, PTHREAD_PROCESS_SHARED), 0);
  EXPECT_EQ(pthread_barrier_init(&shared->barrier, &barrier_attributes, shared_children), 0);
  pthread_rwlockattr_t rwlock_attributes;
  pthread_rwlockattr_init(&rwlock_attributes);
  EXPECT_EQ(pthread_rwlockattr_setpshared(&rwlock_attributes, PTHREAD_PROCESS_SHARED), 0);
  EXPECT_EQ(pthread_rwlock_init(&shared->rwlock, &rwlock_attributes), 0);
  EXPECT_EQ(sem_init(&shared->semaphore, 1, 1), 0);
  EXPECT_EQ(pthread_spin_init(&shared->spinlock, PTHREAD_PROCESS_SHARED), 0);
  in_children([&](int index, int round) {
    __atomic_fetch_add(&shared->arrived, 1, __ATOMIC_SEQ_CST);
    if (pthread_barrier_wait(&shared->barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
      __atomic_fetch_add(&shared->serials, 1, __ATOMIC_SEQ_CST);
    }
    EXPECT(shared->arrived >= (round + 1) * shared_children);
    if (index % 2) {
      EXPECT_EQ(pthread_rwlock_rdlock(&shared->rwlock), 0);
      EXPECT_EQ(shared->by_rwlock.inside, 0);
      EXPECT_EQ(pthread_rwlock_unlock(&shared->rwlock), 0);
    }
    EXPECT_EQ(pthread_rwlock_wrlock(&shared->rwlock), 0);
    shared->by_rwlock.step();
    EXPECT_EQ(pthread_rwlock_unlock(&shared->rwlock), 0);
    EXPECT_EQ(sem_wait(&shared->semaphore), 0);
    shared->by_semaphore.step();
    EXPECT_EQ(sem_post(&shared->semaphore), 0);
    EXPECT_EQ(pthread_spin_lock(&shared->spinlock), 0);
    shared->by_spinlock.step();
    EXPECT_EQ(pthread_spin_unlock(&shared->spinlock), 0);
  });
  EXPECT_EQ(shared->serials, shared_rounds);
  for (auto* counted : {&shared->by_rwlock, &shared->by_semaphore, &shared->by_spinlock}) {
    EXPECT_EQ(counted->counter, shared_children * shared_rounds);
  }
  return ok();
}
