// Spin loops of the kinds programs write - flag, pause, compare-exchange, ticket - end when another
// thread, which had been asleep, lets them.
#include <pthread.h>

#include "expect.hpp"

static int flag, lock_word, next_ticket, serving, counter;

static void* waits_on_flag(void*) {
  while (!__atomic_load_n(&flag, __ATOMIC_ACQUIRE)) {
  }
  return nullptr;
}
static void* waits_with_pause(void*) {
  while (!__atomic_load_n(&flag, __ATOMIC_ACQUIRE)) __builtin_ia32_pause();
  return nullptr;
}
static void* takes_lock(void*) {
  int expected = 0;
  while (!__atomic_compare_exchange_n(&lock_word, &expected, 1, false, __ATOMIC_ACQUIRE,
                                      __ATOMIC_RELAXED)) {
    expected = 0;
  }
  ++counter;
  __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
  return nullptr;
}
static void* takes_ticket(void*) {
  const int mine = __atomic_fetch_add(&next_ticket, 1, __ATOMIC_ACQUIRE);
  while (__atomic_load_n(&serving, __ATOMIC_ACQUIRE) != mine) __builtin_ia32_pause();
  __atomic_store_n(&serving, mine + 1, __ATOMIC_RELEASE);
  return nullptr;
}

int main() {
  lock_word = 1;
  next_ticket = 1;
  pthread_t threads[5];
  void* (*functions[5])(void*) = {waits_on_flag, waits_with_pause, takes_lock, takes_lock,
                                  takes_ticket};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, functions[i], nullptr), 0);
  }
  sleep_ms(3);
  __atomic_store_n(&flag, 1, __ATOMIC_RELEASE);
  __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
  __atomic_store_n(&serving, 1, __ATOMIC_RELEASE);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(counter, 2);
  return ok();
}
