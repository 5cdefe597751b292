// std::call_once hands the turn to the next caller when the function throws.
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "expect.hpp"

int main() {
  std::once_flag flag;
  std::atomic<int> runs{0}, thrown{0}, passed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      try {
        std::call_once(flag, [&] {
          const int run = ++runs;
          sleep_ms(1);
          if (run < 3) throw run;
        });
        EXPECT_EQ(runs.load(), 3);
        ++passed;
      } catch (int) {
        ++thrown;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(thrown.load(), 2);
  EXPECT_EQ(passed.load(), 4);
  return ok();
}
