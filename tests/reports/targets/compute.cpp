// Computes for ever, without any call, while another thread waits for it.
#include <thread>

static volatile unsigned long counter;

[[gnu::noinline]] static void compute() {
  for (;;) counter = counter + 1;
}

int main() {
  std::thread thread(compute);
  thread.join();
}
