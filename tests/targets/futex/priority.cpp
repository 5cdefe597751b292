// FUTEX_LOCK_PI, TRYLOCK_PI, UNLOCK_PI: the word holds the owner's tid, EDEADLK, EPERM, hand-over
// to a waiter with the waiters bit, time-outs on the real clock.
#include "futex/futex.hpp"

static unsigned word;
static int volatile got;

static void* waits(void*) {
  EXPECT_EQ(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0), 0);
  EXPECT_EQ(word & FUTEX_TID_MASK, static_cast<unsigned>(gettid()));
  got = got + 1;
  EXPECT_EQ(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0), 0);
  return nullptr;
}
static void* tries(void*) {
  EXPECT_ERRNO(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0), EWOULDBLOCK);
  EXPECT_ERRNO(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0), EPERM);
  const long long deadline = now_ns(CLOCK_REALTIME) + 3000000;
  const timespec limit = timespec_of_ns(deadline);
  EXPECT_ERRNO(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, &limit), ETIMEDOUT);
  EXPECT(now_ns(CLOCK_REALTIME) >= deadline);
  return nullptr;
}

int main() {
  EXPECT_EQ(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0), 0);
  EXPECT_EQ(word & FUTEX_TID_MASK, static_cast<unsigned>(gettid()));
  EXPECT_ERRNO(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0), EDEADLK);
  EXPECT_ERRNO(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0), EDEADLK);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, tries, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  pthread_t waiters[3];
  for (auto& waiter : waiters) EXPECT_EQ(pthread_create(&waiter, nullptr, waits, nullptr), 0);
  sleep_ms(2);
  EXPECT_EQ(got, 0);
  EXPECT_EQ(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0), 0);
  for (auto& waiter : waiters) EXPECT_EQ(pthread_join(waiter, nullptr), 0);
  EXPECT_EQ(got, 3);
  EXPECT_EQ(word, 0u);
  EXPECT_EQ(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0), 0);
  EXPECT_EQ(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0), 0);
  // An owner that does not exist.
  word = 0x3ffffff0;
  EXPECT_ERRNO(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0), ESRCH);
  return ok();
}
