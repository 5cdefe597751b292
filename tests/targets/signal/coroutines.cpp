// getcontext, makecontext, swapcontext: user-level threads of the program's own, also blocking and
// migrating between threads.
#include <ucontext.h>

#include <string>

#include "signal/signal.hpp"

static ucontext_t main_context, one, two, thread_context;
static std::string log;

static void body(int which) {
  for (int i = 0; i < 3; ++i) {
    log += static_cast<char>('0' + which);
    sleep_ms(which == 1 ? 1 : 0);
    swapcontext(which == 1 ? &one : &two, which == 1 ? &two : &one);
  }
  log += static_cast<char>('a' + which);
}

static void* resumes(void* argument) {
  EXPECT_EQ(swapcontext(&thread_context, static_cast<ucontext_t*>(argument)), 0);
  return nullptr;
}

int main() {
  static char stacks[3][64 << 10];
  EXPECT_EQ(getcontext(&one), 0);
  one.uc_stack.ss_sp = stacks[0];
  one.uc_stack.ss_size = sizeof stacks[0];
  one.uc_link = &main_context;
  makecontext(&one, reinterpret_cast<void (*)()>(body), 1, 1);
  EXPECT_EQ(getcontext(&two), 0);
  two.uc_stack.ss_sp = stacks[1];
  two.uc_stack.ss_size = sizeof stacks[1];
  two.uc_link = &main_context;
  makecontext(&two, reinterpret_cast<void (*)()>(body), 1, 2);
  EXPECT_EQ(swapcontext(&main_context, &one), 0);
  EXPECT_EQ(log, "121212b");
  // The mask travels with the context.
  ucontext_t masked;
  EXPECT_EQ(getcontext(&masked), 0);
  static int volatile passes;
  passes = passes + 1;
  if (passes == 1) {
    block({SIGUSR1});
    EXPECT_EQ(setcontext(&masked), 0);
  }
  sigset_t now;
  pthread_sigmask(SIG_BLOCK, nullptr, &now);
  EXPECT_EQ(sigismember(&now, SIGUSR1), 0);
  // A context made here, run by another thread.
  static ucontext_t travels;
  EXPECT_EQ(getcontext(&travels), 0);
  travels.uc_stack.ss_sp = stacks[2];
  travels.uc_stack.ss_size = sizeof stacks[2];
  travels.uc_link = &thread_context;
  static pid_t volatile runner;
  void (*note)() = [] { runner = gettid(); };
  makecontext(&travels, note, 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, resumes, &travels), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT(runner != 0 && runner != gettid());
  return ok();
}
