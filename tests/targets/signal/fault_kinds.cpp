// SIGFPE, SIGILL, SIGBUS, SIGTRAP, SIGSEGV on a non-canonical address: number, code and address.
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "signal/signal.hpp"

static sigjmp_buf recover;
static int volatile number_seen, code_seen;
static void* volatile address_seen;
static void on_fault(int number, siginfo_t* info, void*) {
  number_seen = number;
  code_seen = info->si_code;
  address_seen = info->si_addr;
  siglongjmp(recover, 1);
}

template <class Function>
static void expect_fault(int number, int code, Function function) {
  number_seen = 0;
  if (sigsetjmp(recover, 1) == 0) {
    function();
    EXPECT(!"no fault");
  }
  EXPECT_EQ(number_seen, number);
  EXPECT_EQ(code_seen, code);
}

int main() {
  for (int number : {SIGFPE, SIGILL, SIGBUS, SIGTRAP, SIGSEGV}) handle(number, on_fault);
  expect_fault(SIGFPE, FPE_INTDIV, [] {
    asm volatile("xor %%edx, %%edx\n mov $1, %%eax\n xor %%ecx, %%ecx\n div %%ecx" ::
                     : "rax", "rcx", "rdx");
  });
  expect_fault(SIGILL, ILL_ILLOPN, [] { asm volatile("ud2"); });
  expect_fault(SIGTRAP, SI_KERNEL, [] { asm volatile("int3"); });
  char path[] = "/tmp/detsim-bus-XXXXXX";
  const int fd = mkstemp(path);
  EXPECT(fd >= 0);
  unlink(path);
  auto* page =
      static_cast<volatile char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  EXPECT(page != MAP_FAILED);
  expect_fault(SIGBUS, BUS_ADRERR, [&] { page[100] = 1; });
  EXPECT(address_seen == page + 100);
  expect_fault(SIGSEGV, SI_KERNEL,
               [] { *reinterpret_cast<volatile char*>(0x8000000000000000UL) = 1; });
  EXPECT(address_seen == nullptr);
  expect_fault(SIGSEGV, SEGV_MAPERR, [] { reinterpret_cast<void (*)()>(0x10)(); });
  EXPECT(address_seen == reinterpret_cast<void*>(0x10));
  // hlt in the program's own code is the program's own fault.
  expect_fault(SIGSEGV, SI_KERNEL, [] { asm volatile("hlt"); });
  return ok();
}
