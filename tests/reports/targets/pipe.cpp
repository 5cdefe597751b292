// Reads from a pipe whose other end it holds open itself.
#include <unistd.h>

#include <thread>

[[gnu::noinline]] static void listen(int descriptor) {
  char byte;
  if (read(descriptor, &byte, 1) < 0) _exit(1);
}

int main() {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  std::thread listener(listen, ends[0]);
  listener.join();
}
