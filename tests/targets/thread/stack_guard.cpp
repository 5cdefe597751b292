// Running into a thread's guard page raises SIGSEGV with its address, on that thread's own
// alternate stack, while another thread is blocked.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include "expect.hpp"

static sigjmp_buf recover;
static void* volatile fault_address;
static bool volatile on_alternate;

static void on_fault(int, siginfo_t* info, void*) {
  stack_t current;
  sigaltstack(nullptr, &current);
  on_alternate = (current.ss_flags & SS_ONSTACK) != 0;
  fault_address = info->si_addr;
  siglongjmp(recover, 1);
}

__attribute__((noinline)) static int consume(int depth) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  return depth > 1 << 20 ? 0 : consume(depth + 1) + frame[0];
}

static void* overflow(void*) {
  static char alternate[65536];
  stack_t stack = {};
  stack.ss_sp = alternate;
  stack.ss_size = sizeof alternate;
  EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
  pthread_attr_t attributes;
  void* address;
  size_t size;
  EXPECT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  EXPECT_EQ(pthread_attr_getstack(&attributes, &address, &size), 0);
  if (sigsetjmp(recover, 1) == 0) {
    consume(0);
    EXPECT(!"overflow was not noticed");
  }
  char *low = static_cast<char*>(address), *fault = static_cast<char*>(fault_address);
  EXPECT(fault < low + 16384 && fault >= low - 65536);
  EXPECT(on_alternate);
  stack_t current;
  EXPECT_EQ(sigaltstack(nullptr, &current), 0);
  EXPECT_EQ(current.ss_flags & SS_ONSTACK, 0);
  return nullptr;
}

static void* block(void* argument) {
  char byte;
  EXPECT_EQ(read(*static_cast<int*>(argument), &byte, 1), 1);
  return nullptr;
}

int main() {
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  EXPECT_EQ(sigaction(SIGSEGV, &action, nullptr), 0);
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  pthread_t blocked, thread;
  EXPECT_EQ(pthread_create(&blocked, nullptr, block, &channel[0]), 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 128 << 10);
  pthread_attr_setguardsize(&attributes, 65536);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(pthread_create(&thread, &attributes, overflow, nullptr), 0);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
  }
  EXPECT_EQ(write(channel[1], "x", 1), 1);
  EXPECT_EQ(pthread_join(blocked, nullptr), 0);
  return ok();
}
