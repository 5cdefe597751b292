// A handler that interrupts a system call's return: the registers the call promises to keep are in
// the context and are kept, and changes to them arrive.
#include <sys/syscall.h>
#include <ucontext.h>

#include "signal/signal.hpp"

static unsigned long volatile r12_seen, rax_seen;
static void on_signal(int, siginfo_t*, void* context) {
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  r12_seen = static_cast<unsigned long>(registers[REG_R12]);
  rax_seen = static_cast<unsigned long>(registers[REG_RAX]);
  registers[REG_R12] = 0xabcdef;
}

int main() {
  handle(SIGUSR1, on_signal);
  const long pid = getpid(), tid = gettid();
  unsigned long r12 = 0x123456, result = SYS_tgkill;
  asm volatile(
      "mov %[r12], %%r12\n"
      "syscall\n"
      "mov %%r12, %[r12]\n"
      : [r12] "+r"(r12), "+a"(result)
      : "D"(pid), "S"(tid), "d"(static_cast<long>(SIGUSR1))
      : "rcx", "r11", "r12", "memory");
  EXPECT_EQ(result, 0u);
  EXPECT_EQ(r12_seen, 0x123456u);
  EXPECT_EQ(rax_seen, 0u);
  EXPECT_EQ(r12, 0xabcdefu);
  return ok();
}
