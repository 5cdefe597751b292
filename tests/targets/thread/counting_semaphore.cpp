// std::counting_semaphore lets no more than its count inside; binary_semaphore hands over; the
// timed try gives up at its deadline.
#include <semaphore>
#include <thread>
#include <vector>

#include "expect.hpp"

int main() {
  std::counting_semaphore<8> slots(3);
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        slots.acquire();
        const int now = ++inside;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::yield();
        --inside;
        slots.release();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT(most <= 3);
  OBS("most inside %d", most.load());

  std::binary_semaphore ping(0), pong(0);
  std::thread other([&] {
    for (int i = 0; i < 50; ++i) {
      ping.acquire();
      pong.release();
    }
  });
  for (int i = 0; i < 50; ++i) {
    ping.release();
    pong.acquire();
  }
  other.join();
  EXPECT(!ping.try_acquire());
  const auto start = std::chrono::steady_clock::now();
  EXPECT(!ping.try_acquire_for(std::chrono::milliseconds(5)));
  EXPECT(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(5));
  return ok();
}
