// Timed and clock-chosen read and write locks: never early, granted when released in time.
#include "lock/counted.hpp"

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static void* waits_to_write(void*) {
  const timespec until = timespec_of_ns(now_ns(CLOCK_REALTIME) + 60000000000LL);
  EXPECT_EQ(pthread_rwlock_timedwrlock(&lock, &until), 0);
  EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
  return nullptr;
}

int main() {
  for (clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
    for (bool write : {false, true}) {
      EXPECT_EQ(write ? pthread_rwlock_rdlock(&lock) : pthread_rwlock_wrlock(&lock), 0);
      EXPECT_EQ(in_thread([&] {
                  const long long deadline = now_ns(clock) + 3000000;
                  const timespec until = timespec_of_ns(deadline);
                  const int error = write ? pthread_rwlock_clockwrlock(&lock, clock, &until)
                                          : pthread_rwlock_clockrdlock(&lock, clock, &until);
                  EXPECT(now_ns(clock) >= deadline);
                  return error;
                }),
                ETIMEDOUT);
      EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    }
  }
  EXPECT_EQ(pthread_rwlock_rdlock(&lock), 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, waits_to_write, nullptr), 0);
  sleep_ms(2);
  EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  // The time-outs left no stale waiter behind.
  EXPECT_EQ(pthread_rwlock_trywrlock(&lock), 0);
  EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
  return ok();
}
