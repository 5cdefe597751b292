// The raw futex system call, without glibc's help.
#pragma once

#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "expect.hpp"

inline long futex(void* word, int operation, unsigned value, const timespec* timeout = nullptr,
                  void* word2 = nullptr, unsigned value3 = 0) {
  return syscall(SYS_futex, word, operation, value, timeout, word2, value3);
}

// The variants that take a second count where the timeout stands.
inline long futex_counts(void* word, int operation, unsigned value, unsigned long value2,
                         void* word2, unsigned value3 = 0) {
  return syscall(SYS_futex, word, operation, value, value2, word2, value3);
}

// A thread that waits once and remembers what it was told.
struct Waiter {
  pthread_t thread;
  int* word;
  int operation;
  unsigned value, bitset;
  long result = -99;
  int error = 0;
  int woken = 0;

  void start(int* its_word, int its_operation, unsigned its_value = 0,
             unsigned its_bitset = FUTEX_BITSET_MATCH_ANY) {
    word = its_word;
    operation = its_operation;
    value = its_value;
    bitset = its_bitset;
    woken = 0;
    EXPECT_EQ(pthread_create(&thread, nullptr, run, this), 0);
  }
  void join() { EXPECT_EQ(pthread_join(thread, nullptr), 0); }
  bool is_woken() const { return __atomic_load_n(&woken, __ATOMIC_SEQ_CST) != 0; }

 private:
  static void* run(void* argument) {
    auto* self = static_cast<Waiter*>(argument);
    self->result = futex(self->word, self->operation, self->value, nullptr, nullptr, self->bitset);
    self->error = errno;
    __atomic_store_n(&self->woken, 1, __ATOMIC_SEQ_CST);
    return nullptr;
  }
};

// Wakes until this many were woken: a waiter may not have come yet.
inline void wake_exactly(void* word, int operation, int count) {
  for (int woken = 0; woken < count;) {
    const long now = futex(word, operation, static_cast<unsigned>(count - woken));
    EXPECT(now >= 0 && now <= count - woken);
    woken += static_cast<int>(now);
    if (woken < count) sleep_ms(1);
  }
}
