// A thread decides by a value that nobody wrote.
#include <cstdio>
#include <thread>

int main(int argc, char**) {
  int* values = new int[10];
  values[argc + 1] = 42;
  std::thread([=] {
    if (values[argc] == 42) std::puts("yes"), std::fflush(stdout);
  }).join();
  delete[] values;
  return 0;
}
