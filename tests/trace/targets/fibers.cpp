// Tasks as detsim makes them: several stacks in one thread, each left in the middle of nested
// calls, with its registers saved in memory. Prints where those are, then waits to be looked at.
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>

#include "interpose/entry/frame.hpp"

namespace garden {

constexpr int kFibers = 3;
ucontext_t main_context;
ucontext_t fibers[kFibers];
detsim::Frame frames[kFibers];
char stacks[kFibers][64 << 10];
int current;
long total;
char untouched[1 << 20];  // .bss beyond what the file maps

detsim::Frame frame_of(const ucontext_t& context) {
  const auto* g = context.uc_mcontext.gregs;
  const auto r = [g](int i) { return static_cast<unsigned long>(g[i]); };
  detsim::Frame f{};
  f.r15 = r(REG_R15), f.r14 = r(REG_R14), f.r13 = r(REG_R13), f.r12 = r(REG_R12);
  f.rbp = r(REG_RBP), f.rbx = r(REG_RBX), f.rip = r(REG_RIP), f.rsp = r(REG_RSP);
  return f;
}

// The registers are those of the call to swapcontext, whose caller they go on in.
__attribute__((noinline)) void rest() {
  swapcontext(&fibers[current], &main_context);
  ++total;
}

__attribute__((always_inline)) inline void sow(int seeds) {
  if (seeds > 0) rest();  // line of rest's caller
  ++total;
}

__attribute__((always_inline)) inline void dig(int depth) {
  sow(depth);  // line of sow's caller
  ++total;
}

__attribute__((noinline)) int compare(const void*, const void*) {
  dig(3);
  ++total;
  return 0;
}

template <typename T>
__attribute__((noinline)) void sort_through_libc(T* numbers) {
  qsort(numbers, 2, sizeof(T), compare);
  ++total;
}

__attribute__((noinline)) void climb(int height) {
  if (height == 0) {
    rest();
  } else {
    climb(height - 1);
  }
  ++total;
}

void run_fiber() {
  int numbers[2] = {1, 2};
  if (current == 0) {
    sort_through_libc(numbers);
  } else {
    climb(current == 1 ? 5 : 500);
  }
}

}  // namespace garden

int main() {
  using namespace garden;
  for (current = 0; current < kFibers; ++current) {
    getcontext(&fibers[current]);
    fibers[current].uc_stack.ss_sp = stacks[current];
    fibers[current].uc_stack.ss_size = sizeof(stacks[current]);
    makecontext(&fibers[current], run_fiber, 0);
    swapcontext(&main_context, &fibers[current]);
    frames[current] = frame_of(fibers[current]);
  }
  std::printf("%p %p %p\n", static_cast<void*>(frames), static_cast<void*>(&total),
              static_cast<void*>(untouched + 1000000));
  std::fflush(stdout);
  char c;
  return static_cast<int>(read(0, &c, 1));
}
