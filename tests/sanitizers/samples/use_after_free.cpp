// A thread reads a block that the one before it freed.
#include <cstdio>
#include <thread>

int main() {
  int* shared = new int[10]();
  std::thread([shared] { delete[] shared; }).join();
  std::thread([shared] { std::printf("%d\n", shared[3]); }).join();
  return 0;
}
