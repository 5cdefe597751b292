// A data race. Two threads add to a plain variable. detsim switches tasks at calls and locks, not
// between two instructions, so by itself it would never show; detsim_point() marks the place where
// another thread may come in between. (Natively it does nothing. ThreadSanitizer needs no mark to
// see the race, natively or under detsim.)
//
// The cure: std::atomic<int>.
#include <cstdio>
#include <thread>

#include "include/detsim.h"

namespace {

int visitors = 0;

void enter() {
  const int before = visitors;
  detsim_point(&visitors);
  visitors = before + 1;  // the bug: not in one step
}

}  // namespace

int main() {
  std::thread first(enter);
  std::thread second(enter);
  first.join();
  second.join();
  std::printf("%d of two visitors were counted\n", visitors);
  return visitors == 2 ? 0 : 1;
}
