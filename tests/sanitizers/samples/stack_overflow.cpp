// Recursion without an end, in a thread: the alternate stack must be the sanitizer's own.
#include <cstdio>
#include <thread>

[[gnu::noinline]] static int deeper(int depth) {
  volatile char room[1000];
  room[depth % 1000] = 1;
  return depth > 1 << 30 ? 0 : deeper(depth + 1) + room[depth % 1000];
}

int main() {
  std::thread([] { std::printf("%d\n", deeper(0)); }).join();
  return 0;
}
