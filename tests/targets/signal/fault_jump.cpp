// SIGSEGV with its address and code, left by siglongjmp; the mask is restored, again and again, in
// several threads at once.
#include <setjmp.h>
#include <sys/mman.h>

#include "signal/signal.hpp"

struct Fault {
  sigjmp_buf recover;
  void* address;
  int code;
};
static thread_local Fault fault;
static char *read_only, *unmapped;

static void on_fault(int, siginfo_t* info, void*) {
  fault.address = info->si_addr;
  fault.code = info->si_code;
  siglongjmp(fault.recover, 1);
}
static void expect_fault(char* address, int code) {
  if (sigsetjmp(fault.recover, 1) == 0) {
    *const_cast<volatile char*>(address) = 1;
    EXPECT(!"no fault");
  }
  EXPECT(fault.address == address);
  EXPECT_EQ(fault.code, code);
  sigset_t now;
  pthread_sigmask(SIG_BLOCK, nullptr, &now);
  EXPECT_EQ(sigismember(&now, SIGSEGV), 0);
}
static void* work(void* argument) {
  const long offset = reinterpret_cast<long>(argument);
  for (int i = 0; i < 5; ++i) {
    expect_fault(read_only + offset, SEGV_ACCERR);
    sched_yield();
    expect_fault(unmapped + offset, SEGV_MAPERR);
    expect_fault(nullptr, SEGV_MAPERR);
  }
  return nullptr;
}

int main() {
  handle(SIGSEGV, on_fault);
  read_only =
      static_cast<char*>(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  EXPECT(read_only != MAP_FAILED);
  unmapped = reinterpret_cast<char*>(4096);  // below every mapping
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
