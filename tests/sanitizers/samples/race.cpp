// Two threads count without a lock.
#include <cstdio>
#include <thread>

static int counter;
static void count() {
  for (int i = 0; i < 1000; ++i) ++counter;
}

int main() {
  std::thread a(count), b(count);
  a.join();
  b.join();
  std::printf("%d\n", counter > 0);
  return 0;
}
