// Loops that wait for a byte in all the ways programs write them end when another thread, which
// had been asleep, changes it.
#include <pthread.h>
#include <xmmintrin.h>

#include <atomic>

#include "expect.hpp"

namespace {

volatile int plain_flag;
volatile char byte_flag;
std::atomic<int> atomic_flag_word;
std::atomic_flag standard_flag = ATOMIC_FLAG_INIT;
std::atomic<bool> first, second;
int* volatile pointer;
volatile double real;
std::atomic<int> ended;

bool is_set_far_away() { return atomic_flag_word.load(std::memory_order_acquire) != 0; }

void* plain(void*) {
  while (plain_flag == 0) {
  }
  return nullptr;
}
void* byte(void*) {
  while (byte_flag == 0) _mm_pause();
  return nullptr;
}
void* through_functions(void*) {
  while (!is_set_far_away()) _mm_pause();
  return nullptr;
}
void* standard(void*) {
  while (standard_flag.test_and_set(std::memory_order_acquire)) _mm_pause();
  standard_flag.clear();
  return nullptr;
}
void* two_flags(void*) {
  while (!first.load() || !second.load()) {
  }
  return nullptr;
}
void* through_pointer(void*) {
  while (pointer == nullptr || *pointer != 7) _mm_pause();
  return nullptr;
}
void* vector_register(void*) {
  while (real < 1.5) _mm_pause();
  return nullptr;
}
// Gives up its turn in no way, but ends by itself: a bounded spin, as glibc's adaptive mutex has.
void* bounded(void*) {
  for (int i = 0; i < 100000 && plain_flag == 0; ++i) _mm_pause();
  return nullptr;
}
// Backs off up to a limit.
void* backs_off(void*) {
  unsigned pauses = 1;
  while (atomic_flag_word.load() == 0) {
    for (unsigned i = 0; i < pauses; ++i) _mm_pause();
    if (pauses < 16) pauses *= 2;
  }
  return nullptr;
}

}  // namespace

int main() {
  void* (*functions[])(void*) = {plain,           byte,      through_functions,
                                 standard,        two_flags, through_pointer,
                                 vector_register, bounded,   backs_off};
  constexpr int kCount = sizeof functions / sizeof *functions;
  static int seven = 6;
  EXPECT(!standard_flag.test_and_set());
  pthread_t threads[kCount];
  for (int i = 0; i < kCount; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, functions[i], nullptr), 0);
  }
  sleep_ms(3);
  pointer = &seven;
  first = true;
  sleep_ms(3);
  EXPECT_EQ(ended.load(), 0);
  plain_flag = 1;
  byte_flag = 1;
  second = true;
  real = 2.5;
  seven = 7;
  atomic_flag_word = 1;
  standard_flag.clear();
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
