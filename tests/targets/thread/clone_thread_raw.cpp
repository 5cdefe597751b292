// A raw clone user: CLONE_THREAD on a stack of its own, no libc in the new thread, waiting on
// clear-child-tid by futex.
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.hpp"

static int parent_tid, child_tid, result, gate;

static long raw(long number, long a, long b, long c, long d = 0) {
  register long r10 asm("r10") = d;
  long value;
  asm volatile("syscall"
               : "=a"(value)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
               : "rcx", "r11", "memory");
  return value;
}

extern "C" __attribute__((noreturn, used)) void raw_thread_main(int* word) {
  const long tid = raw(SYS_gettid, 0, 0, 0), pid = raw(SYS_getpid, 0, 0, 0);
  while (__atomic_load_n(&gate, __ATOMIC_SEQ_CST) == 0) {
    raw(SYS_futex, reinterpret_cast<long>(&gate), FUTEX_WAIT_PRIVATE, 0);
  }
  *word = static_cast<int>(tid * (tid != pid));
  raw(SYS_exit, 0, 0, 0);
  __builtin_unreachable();
}

int main() {
  constexpr size_t stack_bytes = 16 << 10;
  char* stack = static_cast<char*>(
      mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  EXPECT(stack != MAP_FAILED);
  const long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                     CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID |
                     CLONE_CHILD_SETTID;
  for (int round = 0; round < 20; ++round) {
    child_tid = -1;
    result = 0;
    gate = 0;
    register long r10 asm("r10") = reinterpret_cast<long>(&child_tid);
    register long r8 asm("r8") = 0;
    register long r12 asm("r12") = reinterpret_cast<long>(&result);
    long tid;
    asm volatile(
        "syscall\n"
        "test %%rax, %%rax\n"
        "jnz 1f\n"
        "xor %%ebp, %%ebp\n"
        "mov %%r12, %%rdi\n"
        "call raw_thread_main\n"
        "1:\n"
        : "=a"(tid)
        : "a"(SYS_clone), "D"(flags), "S"(stack + stack_bytes), "d"(&parent_tid), "r"(r10), "r"(r8),
          "r"(r12)
        : "rcx", "r11", "memory");
    EXPECT(tid > 0);
    EXPECT_EQ(parent_tid, tid);
    if (round % 2) sched_yield();
    __atomic_store_n(&gate, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &gate, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    int seen;
    while ((seen = __atomic_load_n(&child_tid, __ATOMIC_SEQ_CST)) != 0) {
      syscall(SYS_futex, &child_tid, FUTEX_WAIT, seen, nullptr, nullptr, 0);
    }
    EXPECT_EQ(result, tid);
  }
  return ok();
}
