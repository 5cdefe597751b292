// A lock and an event made of raw futexes alone: two threads alternate, four exclude each other.
#include "futex/futex.hpp"

static int turn, lock_word;
static long counter;

static void lock() {
  int zero = 0;
  if (__atomic_compare_exchange_n(&lock_word, &zero, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    return;
  while (__atomic_exchange_n(&lock_word, 2, __ATOMIC_SEQ_CST) != 0) {
    futex(&lock_word, FUTEX_WAIT_PRIVATE, 2);
  }
}
static void unlock() {
  if (__atomic_exchange_n(&lock_word, 0, __ATOMIC_SEQ_CST) == 2) {
    futex(&lock_word, FUTEX_WAKE_PRIVATE, 1);
  }
}

static void* work(void* argument) {
  const int me = static_cast<int>(reinterpret_cast<long>(argument));
  for (int i = 0; i < 100; ++i) {
    lock();
    const long seen = counter;
    sched_yield();
    counter = seen + 1;
    unlock();
  }
  for (int i = 0; me < 2 && i < 100; ++i) {
    while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != me) futex(&turn, FUTEX_WAIT_PRIVATE, 1 - me);
    __atomic_store_n(&turn, 1 - me, __ATOMIC_SEQ_CST);
    futex(&turn, FUTEX_WAKE_PRIVATE, 1);
  }
  return nullptr;
}

int main() {
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(counter, 400);
  return ok();
}
