// FS base (through %fs:0 and arch_prctl) and GS base are the thread's own across switches.
#include <asm/prctl.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.hpp"

static void* work(void* argument) {
  unsigned long self, base = 0;
  unsigned long words[2] = {reinterpret_cast<unsigned long>(argument) * 1111, 5};
  EXPECT_EQ(syscall(SYS_arch_prctl, ARCH_SET_GS, words), 0);
  for (int i = 0; i < 20; ++i) {
    sched_yield();
    if (i % 8 == 0) sleep_ms(1);
    asm volatile("mov %%fs:0, %0" : "=r"(self));
    EXPECT_EQ(self, static_cast<unsigned long>(pthread_self()));
    EXPECT_EQ(syscall(SYS_arch_prctl, ARCH_GET_FS, &base), 0);
    EXPECT_EQ(base, self);
    unsigned long word;
    asm volatile("mov %%gs:0, %0" : "=r"(word));
    EXPECT_EQ(word, words[0]);
    EXPECT_EQ(syscall(SYS_arch_prctl, ARCH_GET_GS, &base), 0);
    EXPECT_EQ(base, reinterpret_cast<unsigned long>(words));
  }
  if (getauxval(AT_HWCAP2) & 2) {
    unsigned long other[2] = {words[0] + 1, 0};
    asm volatile("wrgsbase %0" ::"r"(other));
    sleep_ms(1);
    asm volatile("rdgsbase %0" : "=r"(base));
    EXPECT_EQ(base, reinterpret_cast<unsigned long>(other));
    asm volatile("rdfsbase %0" : "=r"(base));
    EXPECT_EQ(base, static_cast<unsigned long>(pthread_self()));
  }
  return nullptr;
}

int main() {
  pthread_t threads[5];
  for (long i = 0; i < 5; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i + 1)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
