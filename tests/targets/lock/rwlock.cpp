// Read-write locks: readers together, writers alone, EBUSY and EDEADLK as glibc gives them.
#include "lock/counted.hpp"

int main() {
  pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
  int readers = 0, most = 0;
  expect_exclusion([&](Counted& counted, int index, int) {
    EXPECT_EQ(pthread_rwlock_wrlock(&lock), 0);
    EXPECT_EQ(__atomic_load_n(&readers, __ATOMIC_SEQ_CST), 0);
    counted.step();
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    if (index % 2) {
      EXPECT_EQ(pthread_rwlock_rdlock(&lock), 0);
      const int now = __atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
      if (now > most) most = now;
      EXPECT_EQ(counted.inside, 0);
      sched_yield();
      __atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
      EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    }
  });
  OBS("most readers %d", most);
  // Readers do share: all inside at once, or the barrier would never open.
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, counted_threads);
  expect_exclusion([&](Counted& counted, int, int) {
    EXPECT_EQ(pthread_rwlock_rdlock(&lock), 0);
    pthread_barrier_wait(&barrier);
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    // Nobody may ask to write while others still read behind the barrier.
    pthread_barrier_wait(&barrier);
    EXPECT_EQ(pthread_rwlock_wrlock(&lock), 0);
    counted.step();
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    pthread_barrier_wait(&barrier);
  });
  EXPECT_EQ(pthread_rwlock_wrlock(&lock), 0);
  EXPECT_EQ(pthread_rwlock_wrlock(&lock), EDEADLK);
  EXPECT_EQ(pthread_rwlock_rdlock(&lock), EDEADLK);
  EXPECT_EQ(in_thread([&] { return pthread_rwlock_tryrdlock(&lock); }), EBUSY);
  EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
  EXPECT_EQ(pthread_rwlock_rdlock(&lock), 0);
  EXPECT_EQ(in_thread([&] { return pthread_rwlock_trywrlock(&lock); }), EBUSY);
  EXPECT_EQ(
      in_thread([&] { return pthread_rwlock_tryrdlock(&lock) | pthread_rwlock_unlock(&lock); }), 0);
  EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
  EXPECT_EQ(pthread_rwlock_destroy(&lock), 0);
  return ok();
}
