// Handlers that use vector registers, switch threads and sleep leave the interrupted code's vector
// registers alone.
#include <immintrin.h>
#include <sys/syscall.h>

#include "signal/signal.hpp"

static int volatile hits;
static void on_signal(int, siginfo_t*, void*) {
  asm volatile("pcmpeqd %%xmm0, %%xmm0\n pcmpeqd %%xmm7, %%xmm7\n pcmpeqd %%xmm15, %%xmm15" ::
                   : "xmm0", "xmm7", "xmm15");
  if (__builtin_cpu_supports("avx2")) {
    asm volatile("vpcmpeqd %%ymm0, %%ymm0, %%ymm0\n vpcmpeqd %%ymm7, %%ymm7, %%ymm7\n" ::
                     : "xmm0", "xmm7");
  }
  hits = hits + 1;
  sched_yield();
  sleep_ms(1);
}

static void* work(void* argument) {
  const unsigned long seed = reinterpret_cast<unsigned long>(argument);
  for (int i = 0; i < 5; ++i) {
    unsigned long a = seed + 1, b = seed + 7, c = seed + 15, result = SYS_tgkill;
    asm volatile(
        "movq %[a], %%xmm0\n movq %[b], %%xmm7\n movq %[c], %%xmm15\n"
        "syscall\n"
        "movq %%xmm0, %[a]\n movq %%xmm7, %[b]\n movq %%xmm15, %[c]\n"
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), "+a"(result)
        : "D"(static_cast<long>(getpid())), "S"(static_cast<long>(gettid())),
          "d"(static_cast<long>(SIGUSR1))
        : "rcx", "r11", "xmm0", "xmm7", "xmm15", "memory");
    EXPECT_EQ(result, 0u);
    EXPECT_EQ(a, seed + 1);
    EXPECT_EQ(b, seed + 7);
    EXPECT_EQ(c, seed + 15);
  }
  return nullptr;
}

int main() {
  handle(SIGUSR1, on_signal);
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i * 100)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT(hits >= 1);
  return ok();
}
