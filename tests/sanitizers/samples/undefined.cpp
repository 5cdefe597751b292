// A thread overflows a signed number.
#include <climits>
#include <cstdio>
#include <thread>

int main(int argc, char**) {
  int result = 0;
  std::thread([&] { result = INT_MAX - 1 + argc + argc; }).join();
  std::printf("%d\n", result);
  return 0;
}
