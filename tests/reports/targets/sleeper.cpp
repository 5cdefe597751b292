// Sleeps again and again, while another thread waits for it.
#include <chrono>
#include <thread>

[[gnu::noinline]] static void doze() {
  for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
}

int main() {
  std::thread thread(doze);
  thread.join();
}
