// The entry of 32-bit programs used by a 64-bit one: natively it works where the kernel has it. A
// sandbox that does not model it must refuse, and not let a call through: the pid shows.
#include <setjmp.h>

#include "signal/signal.hpp"

static sigjmp_buf recover;

int main() {
  handle(SIGSEGV, [](int, siginfo_t*, void*) { siglongjmp(recover, 1); });
  if (sigsetjmp(recover, 1) == 0) {
    long result = 20;  // getpid there, writev here
    asm volatile("int $0x80" : "+a"(result) : "b"(0), "c"(0), "d"(0) : "memory");
    EXPECT(static_cast<int>(result) == getpid() || static_cast<int>(result) == -ENOSYS);
  }
  return ok();
}
