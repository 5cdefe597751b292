// A program that is long in its preparation and has little to try: what comes before its fork point
// is the same for all seeds, who comes first behind it is not.
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "detsim/sdk.h"

int main() {
  unsigned sum = 0;
  for (int i = 0; i < 2000; ++i) sum += static_cast<unsigned>(getppid());
  detsim_fork_point();
  int first = 0;
  std::thread one([&first] { first = first == 0 ? 1 : first; });
  std::thread two([&first] { first = first == 0 ? 2 : first; });
  one.join();
  two.join();
  std::printf("%d came first; %u\n", first, sum % 2);
}
