// Syscall instructions in all the surroundings that make rewriting them hard: branches to them and
// right behind them, two in a row, one at a function's end, one across two pages, one with code
// behind that is relative to its place; used by tasks that are inside of the call while others make
// the same, and restarted after a handler.
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "signal/signal.hpp"

// clang-format off
#define FUNCTION(name, body)                                                        \
  extern "C" long name(long, long, long, long);                                     \
  asm(".text\n .balign 16\n .type " #name ", @function\n" #name ":\n"               \
      ".cfi_startproc\n" body "\n .cfi_endproc\n .size " #name ", .-" #name "\n");

// Both calls share one syscall: one comes from above, the other by a jump.
FUNCTION(branch_to_site,
         "test %rdi, %rdi\n jnz 2f\n"
         "mov $39, %eax\n 1: syscall\n ret\n nop\n nop\n"
         "2: mov $110, %eax\n jmp 1b\n")
// A branch to the instruction right behind: without the call, the answer is 5.
FUNCTION(branch_behind_site,
         "mov $5, %eax\n test %rdi, %rdi\n jnz 1f\n"
         "mov %rsi, %rax\n syscall\n 1: mov %rax, %rax\n nop\n nop\n ret\n")
FUNCTION(two_sites,
         "mov $39, %eax\n syscall\n mov %rax, %r8\n mov $110, %eax\n syscall\n"
         "add %r8, %rax\n ret\n")
FUNCTION(sites_in_a_row, "mov %rsi, %rax\n syscall\n mov %rsi, %rax\n syscall\n ret\n")
FUNCTION(nothing_behind, "mov %rsi, %rax\n syscall\n ret\n")
FUNCTION(relative_behind, "mov %rsi, %rax\n syscall\n lea sites_word(%rip), %rcx\n ret\n")
FUNCTION(relative_in_front,
         "lea sites_word(%rip), %rax\n mov (%rax), %eax\n mov $39, %eax\n syscall\n"
         "ret\n")
FUNCTION(compared_behind,
         "mov %rsi, %rax\n syscall\n cmp $-4096, %rax\n ja 1f\n ret\n"
         "1: neg %rax\n neg %rax\n ret\n")
FUNCTION(any_call, "mov %rdi, %rax\n mov %rsi, %rdi\n mov %rdx, %rsi\n mov %rcx, %rdx\n"
                   "xor %r10d, %r10d\n syscall\n mov %rax, %rax\n mov %rax, %rax\n ret\n")
FUNCTION(jumps_anywhere,
         "lea 1f(%rip), %rax\n test %rdi, %rdi\n jz 3f\n jmp *%rax\n"
         "3: mov %rsi, %rax\n syscall\n 1: mov %rax, %rcx\n mov $9, %edx\n ret\n")
// clang-format on
asm(".data\n .globl sites_word\n sites_word: .long 77\n .text\n");

asm(".text\n .balign 4096\n .skip 4096 - 6\n .type across_pages, @function\n across_pages:\n"
    ".cfi_startproc\n mov $39, %eax\n syscall\n mov %rax, %rax\n nop\n ret\n .cfi_endproc\n"
    ".size across_pages, .-across_pages\n");
extern "C" long across_pages(long, long, long, long);

static int word;
static void* waits(void*) {
  // Inside of the call by a trap, while the site is rewritten by what others do.
  while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 0) {
    const long result = any_call(SYS_futex, reinterpret_cast<long>(&word), FUTEX_WAIT_PRIVATE, 0);
    EXPECT(result == 0 || result == -EAGAIN);
  }
  return nullptr;
}

static int volatile hits;
static int channel[2];
static void* calls(void*) {
  const long pid = getpid(), parent = getppid();
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(branch_to_site(i % 2, 0, 0, 0), i % 2 != 0 ? parent : pid);
    EXPECT_EQ(branch_behind_site(i % 3, SYS_getpid, 0, 0), i % 3 != 0 ? 5 : pid);
    EXPECT_EQ(two_sites(0, 0, 0, 0), pid + parent);
    EXPECT_EQ(sites_in_a_row(0, SYS_getpid, 0, 0), pid);
    EXPECT_EQ(nothing_behind(0, SYS_getppid, 0, 0), parent);
    EXPECT_EQ(relative_behind(0, SYS_getpid, 0, 0), pid);
    EXPECT_EQ(relative_in_front(0, 0, 0, 0), pid);
    EXPECT_EQ(compared_behind(0, SYS_getpid, 0, 0), pid);
    EXPECT_EQ(compared_behind(-1, SYS_close, 0, 0), -EBADF);
    EXPECT_EQ(across_pages(0, 0, 0, 0), pid);
    jumps_anywhere(i % 2, SYS_getpid, 0, 0);
    EXPECT_EQ(any_call(SYS_getpid, 0, 0, 0), pid);
    EXPECT_EQ(any_call(SYS_sched_yield, 0, 0, 0), 0);
  }
  return nullptr;
}

int main() {
  pthread_t waiters[3], callers[2];
  for (auto& thread : waiters) EXPECT_EQ(pthread_create(&thread, nullptr, waits, nullptr), 0);
  for (auto& thread : callers) EXPECT_EQ(pthread_create(&thread, nullptr, calls, nullptr), 0);
  sleep_ms(1);
  for (auto& thread : callers) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
  any_call(SYS_futex, reinterpret_cast<long>(&word), FUTEX_WAKE_PRIVATE, 100);
  for (auto& thread : waiters) EXPECT_EQ(pthread_join(thread, nullptr), 0);

  // A handler interrupts a read made at a site that was used often; it is made again there.
  EXPECT_EQ(pipe(channel), 0);
  handle(
      SIGUSR1,
      [](int, siginfo_t*, void*) {
        hits = hits + 1;
        if (hits % 3 == 0)
          EXPECT_EQ(any_call(SYS_write, channel[1], reinterpret_cast<long>("r"), 1), 1);
      },
      SA_RESTART);
  Nagger nagger(SIGUSR1);
  for (int i = 0; i < 5; ++i) {
    char byte = 0;
    EXPECT_EQ(any_call(SYS_read, channel[0], reinterpret_cast<long>(&byte), 1), 1);
    EXPECT_EQ(byte, 'r');
  }
  nagger.stop();
  return ok();
}
