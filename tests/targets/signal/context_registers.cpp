// A handler sees the interrupted registers in its context, and what it writes there is what the
// program continues with: general, vector and flags.
#include <ucontext.h>

#include "signal/signal.hpp"

static unsigned long volatile rbx_seen, r15_seen;
static unsigned xmm_seen;
static void on_trap(int, siginfo_t*, void* context) {
  auto* machine = static_cast<ucontext_t*>(context);
  greg_t* registers = machine->uc_mcontext.gregs;
  rbx_seen = static_cast<unsigned long>(registers[REG_RBX]);
  r15_seen = static_cast<unsigned long>(registers[REG_R15]);
  xmm_seen = machine->uc_mcontext.fpregs->_xmm[3].element[0];
  registers[REG_RBX] += 1;
  registers[REG_R15] = 0x77;
  registers[REG_EFL] |= 1;
  machine->uc_mcontext.fpregs->_xmm[3].element[0] = 99;
}

static void expect_context() {
  unsigned long rbx = 0x1111, r15 = 0x2222;
  unsigned in = 55, out = 0;
  unsigned char carry;
  asm volatile(
      "mov %[r15], %%r15\n"
      "movd %[in], %%xmm3\n"
      "clc\n"
      "int3\n"
      "setc %[carry]\n"
      "movd %%xmm3, %[out]\n"
      "mov %%r15, %[r15]\n"
      : "+b"(rbx), [r15] "+r"(r15), [out] "=r"(out), [carry] "=&q"(carry)
      : [in] "r"(in)
      : "r15", "xmm3", "cc", "memory");
  EXPECT_EQ(rbx_seen, 0x1111u);
  EXPECT_EQ(r15_seen, 0x2222u);
  EXPECT_EQ(xmm_seen, 55u);
  EXPECT_EQ(rbx, 0x1112u);
  EXPECT_EQ(r15, 0x77u);
  EXPECT_EQ(out, 99u);
  EXPECT_EQ(carry, 1);
}

int main() {
  handle(SIGTRAP, on_trap);
  for (int i = 0; i < 3; ++i) expect_context();
  return ok();
}
