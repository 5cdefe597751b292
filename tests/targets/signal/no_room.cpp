// Where a handler's frame does not fit: SIGSEGV, to its handler when that has a stack of its own,
// else the end. An overflowing stack reaches its handler the same way.
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "signal/signal.hpp"

static sigjmp_buf recover;
static int volatile segv_code;
static void on_segv(int, siginfo_t* info, void*) {
  segv_code = info->si_code;
  siglongjmp(recover, 1);
}

static int recurse(int depth) {
  volatile char page[4096];
  page[0] = static_cast<char>(depth);
  return depth == 1 << 30 ? 0 : recurse(depth + 1) + page[0];
}

// Raises a signal with a stack pointer that has nothing below it.
static void raise_without_stack(int number) {
  const long pid = getpid();
  asm volatile(
      "mov %%rsp, %%rbx\n"
      "mov $4096, %%rsp\n"
      "syscall\n"
      "mov %%rbx, %%rsp\n" ::"a"(62L /* kill */),
      "D"(pid), "S"(static_cast<long>(number))
      : "rbx", "rcx", "r11", "memory");
}

static int code_of(void (*function)()) {
  segv_code = 0;
  if (sigsetjmp(recover, 1) == 0) {
    function();
    EXPECT(!"not reached");
  }
  return segv_code;
}

static void die_of(int number, void (*function)()) {
  const int status = status_of_child(function);
  EXPECT(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), number);
}

int main() {
  static char alternate[64 << 10];
  stack_t stack = {};
  stack.ss_sp = alternate;
  stack.ss_size = sizeof alternate;
  EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
  handle(SIGUSR1, [](int, siginfo_t*, void*) { EXPECT(!"there is no stack"); });
  handle(SIGSEGV, on_segv, SA_ONSTACK);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(code_of([] { raise_without_stack(SIGUSR1); }), SI_KERNEL);
  }
  rlimit small = {1 << 20, RLIM_INFINITY};
  EXPECT_EQ(setrlimit(RLIMIT_STACK, &small), 0);
  for (int i = 0; i < 5; ++i) {
    const int code = code_of([] { recurse(0); });
    EXPECT(code == SEGV_MAPERR || code == SEGV_ACCERR);
  }
  die_of(SIGSEGV, [] {
    signal(SIGSEGV, SIG_DFL);
    raise_without_stack(SIGUSR1);
  });
  die_of(SIGSEGV, [] {  // its own handler has no room either
    handle(SIGSEGV, on_segv);
    raise_without_stack(SIGUSR1);
  });
  die_of(SIGSEGV, [] {
    signal(SIGSEGV, SIG_IGN);
    raise_without_stack(SIGUSR1);
  });
  // An alternate stack that is too small for a frame, though not for sigaltstack.
  die_of(SIGSEGV, [] {
    static char little[2048 + 4096];
    stack_t other = {};
    other.ss_sp = little + 4096;
    other.ss_size = 2048;
    EXPECT_EQ(sigaltstack(&other, nullptr), 0);
    handle(
        SIGUSR1, [](int, siginfo_t*, void*) { _exit(0); }, SA_ONSTACK);
    raise(SIGUSR1);
  });
  return ok();
}
