// Each of several threads takes its own faults thousands of times, leaves the handler by
// siglongjmp, on its own alternate stack, while the others switch in between.
#include <sched.h>
#include <setjmp.h>

#include "signal/signal.hpp"

static thread_local sigjmp_buf recover;
static thread_local char* low;
static thread_local int faults;
constexpr size_t kBytes = 64 << 10;

static void on_fault(int, siginfo_t* info, void*) {
  char local;
  EXPECT(&local >= low && &local < low + kBytes);
  EXPECT(reinterpret_cast<long>(info->si_addr) == 8 * gettid());
  ++faults;
  siglongjmp(recover, 1);
}

static void* work(void*) {
  low = new char[kBytes];
  stack_t stack = {};
  stack.ss_sp = low;
  stack.ss_size = kBytes;
  EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
  constexpr int kTimes = 1000;
  for (int i = 0; i < kTimes; ++i) {
    if (sigsetjmp(recover, 1) == 0) {
      *reinterpret_cast<volatile char*>(8L * gettid()) = 1;
      EXPECT(!"no fault");
    }
    if (i % 10 == 0) sched_yield();
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, nullptr, &now);
    EXPECT_EQ(sigismember(&now, SIGSEGV), 0);
  }
  EXPECT_EQ(faults, kTimes);
  stack.ss_flags = SS_DISABLE;
  EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
  delete[] low;
  return nullptr;
}

int main() {
  handle(SIGSEGV, on_fault, SA_ONSTACK);
  pthread_t threads[4];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
