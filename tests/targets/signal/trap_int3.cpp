// int3 handled and continued after; single-stepping by the trap flag counts instructions.
#include <ucontext.h>

#include "signal/signal.hpp"

static int volatile breaks, steps;
static unsigned long volatile break_at;
static void on_trap(int, siginfo_t* info, void* context) {
  auto* machine = static_cast<ucontext_t*>(context);
  if (info->si_code == TRAP_TRACE) {
    steps = steps + 1;
    return;
  }
  breaks = breaks + 1;
  break_at = static_cast<unsigned long>(machine->uc_mcontext.gregs[REG_RIP]);
}

int main() {
  handle(SIGTRAP, on_trap);
  unsigned long after;
  asm volatile(
      "lea 1f(%%rip), %0\n"
      "int3\n"
      "1:\n"
      : "=r"(after));
  EXPECT_EQ(breaks, 1);
  EXPECT_EQ(break_at, after);
  asm volatile(
      "sub $128, %%rsp\n"
      "pushf\n"
      "orq $0x100, (%%rsp)\n"
      "popf\n"
      "nop\n"
      "nop\n"
      "nop\n"
      "pushf\n"
      "andq $~0x100, (%%rsp)\n"
      "popf\n"
      "lea 128(%%rsp), %%rsp\n" ::
          : "memory", "cc");
  // Three nops, pushf, and, popf.
  EXPECT_EQ(steps, 6);
  return ok();
}
