// Handlers that repair: make the page writable and retry (a user-space write barrier), or skip the
// instruction by moving RIP in the context.
#include <sys/mman.h>
#include <ucontext.h>

#include "signal/signal.hpp"

static char* pages;
static int volatile repairs;
static void on_fault(int, siginfo_t* info, void* context) {
  auto* machine = static_cast<ucontext_t*>(context);
  char* address = static_cast<char*>(info->si_addr);
  if (address >= pages && address < pages + 4 * 4096) {
    char* page = pages + (address - pages) / 4096 * 4096;
    if (mprotect(page, 4096, PROT_READ | PROT_WRITE) != 0) _exit(1);
    repairs = repairs + 1;
    return;
  }
  // The faulting load below is three bytes long and its result is chosen here.
  machine->uc_mcontext.gregs[REG_RIP] += 3;
  machine->uc_mcontext.gregs[REG_RAX] = 0x1234567890;
}

int main() {
  handle(SIGSEGV, on_fault);
  pages =
      static_cast<char*>(mmap(nullptr, 4 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  EXPECT(pages != MAP_FAILED);
  for (int i = 0; i < 4 * 4096; i += 512) const_cast<volatile char*>(pages)[i] = 7;
  EXPECT_EQ(repairs, 4);
  unsigned long value = 1;
  asm volatile("mov (%%rbx), %%rax" : "=a"(value) : "b"(8UL) : "memory");
  EXPECT_EQ(value, 0x1234567890UL);
  // A kernel that meets the protected page reports EFAULT and runs no handler.
  EXPECT_EQ(mprotect(pages, 4096, PROT_READ), 0);
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  EXPECT_EQ(write(channel[1], "abc", 3), 3);
  EXPECT_ERRNO(read(channel[0], pages, 3), EFAULT);
  EXPECT_EQ(repairs, 4);
  EXPECT_ERRNO(write(channel[1], reinterpret_cast<char*>(8), 3), EFAULT);
  return ok();
}
