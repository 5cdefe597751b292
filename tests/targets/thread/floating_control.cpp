// The x87 control word and MXCSR are per thread, inherited at creation, and survive blocking.
#include <fenv.h>
#include <pthread.h>
#include <xmmintrin.h>

#include "expect.hpp"

static unsigned short x87_control() {
  unsigned short word;
  asm volatile("fnstcw %0" : "=m"(word));
  return word;
}

struct Mode {
  int rounding;
  unsigned flags;
};

static void* work(void* argument) {
  const Mode& mode = *static_cast<Mode*>(argument);
  EXPECT_EQ(fegetround(), FE_UPWARD);
  EXPECT_EQ(fesetround(mode.rounding), 0);
  _mm_setcsr(_mm_getcsr() | mode.flags);
  const unsigned csr = _mm_getcsr();
  const unsigned short word = x87_control();
  const double volatile one = 1, three = 3;
  const double third = one / three;
  for (int i = 0; i < 20; ++i) {
    sched_yield();
    if (i % 8 == 0) sleep_ms(1);
    EXPECT_EQ(fegetround(), mode.rounding);
    EXPECT_EQ(_mm_getcsr() | 0x20, csr | 0x20);
    EXPECT_EQ(x87_control(), word);
    EXPECT(one / three == third);
  }
  return nullptr;
}

int main() {
  Mode modes[] = {{FE_TONEAREST, 0},
                  {FE_DOWNWARD, _MM_FLUSH_ZERO_ON},
                  {FE_TOWARDZERO, 0x40},
                  {FE_UPWARD, _MM_FLUSH_ZERO_ON | 0x40}};
  EXPECT_EQ(fesetround(FE_UPWARD), 0);
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, &modes[i]), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(fegetround(), FE_UPWARD);
  return ok();
}
