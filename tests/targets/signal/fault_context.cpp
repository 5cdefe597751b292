// What a fault handler sees is what the processor had: every general register, the flags, the
// address and the kind of access; what it changes is what goes on, also in a vector register.
#include <sys/mman.h>
#include <ucontext.h>

#include "signal/signal.hpp"

static greg_t seen[NGREG];
static int volatile code;
static void* volatile address;
static void on_fault(int, siginfo_t* info, void* context) {
  auto* machine = &static_cast<ucontext_t*>(context)->uc_mcontext;
  memcpy(seen, machine->gregs, sizeof seen);
  code = info->si_code;
  address = info->si_addr;
  machine->gregs[REG_RIP] = machine->gregs[REG_R15];
  machine->gregs[REG_R14] = 0x1414;
  machine->fpregs->_xmm[3].element[0] = 0x33333333;
}

static void fault_at(void* where) {
  unsigned long after = 0, r14 = 0, flags = 0;
  unsigned xmm3 = 0;
  asm volatile(
      "mov %[where], %%rdi\n"
      "lea 1f(%%rip), %%r15\n"
      "mov $0xaa, %%eax\n mov $0xbb, %%ebx\n mov $0xcc, %%ecx\n mov $0xdd, %%edx\n"
      "mov $0x51, %%esi\n mov $8, %%r8d\n mov $9, %%r9d\n mov $10, %%r10d\n mov $11, %%r11d\n"
      "mov $12, %%r12d\n mov $13, %%r13d\n mov $14, %%r14d\n"
      "xorps %%xmm3, %%xmm3\n"
      "cmp %%eax, %%eax\n stc\n"
      "movl %%eax, (%%rdi)\n"
      "ud2\n"
      "1: pushf\n pop %[flags]\n mov %%r14, %[r14]\n movd %%xmm3, %[xmm3]\n"
      : [after] "+m"(after), [r14] "=m"(r14), [flags] "=m"(flags), [xmm3] "=m"(xmm3)
      : [where] "m"(where)
      : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
        "r15", "xmm3", "memory", "cc");
  EXPECT_EQ(r14, 0x1414UL);
  EXPECT_EQ(xmm3, 0x33333333u);
  EXPECT_EQ(flags & 0x41, 0x41UL);  // zero and carry, as before the fault
  const struct {
    int name;
    long value;
  } expected[] = {{REG_RAX, 0xaa}, {REG_RBX, 0xbb}, {REG_RCX, 0xcc}, {REG_RDX, 0xdd},
                  {REG_RSI, 0x51}, {REG_R8, 8},     {REG_R9, 9},     {REG_R10, 10},
                  {REG_R11, 11},   {REG_R12, 12},   {REG_R13, 13},   {REG_R14, 14}};
  for (const auto& each : expected) EXPECT_EQ(seen[each.name], each.value);
  EXPECT_EQ(seen[REG_RDI], reinterpret_cast<greg_t>(where));
  EXPECT(address == where);
  EXPECT_EQ(seen[REG_CR2], reinterpret_cast<greg_t>(where));
  EXPECT_EQ(seen[REG_TRAPNO], 14);
  EXPECT_EQ(seen[REG_ERR] & 6, 6);  // a write, from user mode
  EXPECT_EQ(seen[REG_EFL] & 0x41, 0x41);
}

int main() {
  handle(SIGSEGV, on_fault);
  void* page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(page != MAP_FAILED);
  EXPECT_EQ(*static_cast<volatile int*>(page), 0);
  for (int i = 0; i < 20; ++i) {
    fault_at(reinterpret_cast<void*>(16));
    EXPECT_EQ(code, SEGV_MAPERR);
    fault_at(page);
    EXPECT_EQ(code, SEGV_ACCERR);
    EXPECT_EQ(seen[REG_ERR] & 1, 1);  // the page is there
  }
  return ok();
}
