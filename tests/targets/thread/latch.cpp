// std::latch: nobody passes before the count is zero.
#include <latch>
#include <thread>
#include <vector>

#include "expect.hpp"

int main() {
  constexpr int workers = 6;
  std::latch start(1), done(workers), all(workers);
  std::atomic<int> arrived{0}, early{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < workers; ++i) {
    threads.emplace_back([&] {
      start.wait();
      ++arrived;
      all.arrive_and_wait();
      if (arrived != workers) ++early;
      done.count_down();
    });
  }
  sleep_ms(1);
  EXPECT_EQ(arrived.load(), 0);
  EXPECT(!done.try_wait());
  start.count_down();
  done.wait();
  EXPECT_EQ(early.load(), 0);
  EXPECT(done.try_wait());
  for (auto& thread : threads) thread.join();
  return ok();
}
