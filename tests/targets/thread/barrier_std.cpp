// std::barrier: phases in step, the completion function once per phase, arrive_and_drop.
#include <barrier>
#include <thread>
#include <vector>

#include "expect.hpp"

int main() {
  constexpr int workers = 5, phases = 10;
  int completed = 0;
  std::atomic<int> total{0};
  auto on_phase = [&]() noexcept { ++completed; };
  std::barrier barrier(workers + 1, on_phase);
  std::vector<std::thread> threads;
  for (int i = 0; i < workers; ++i) {
    threads.emplace_back([&] {
      for (int phase = 0; phase < phases; ++phase) {
        EXPECT_EQ(completed, phase);
        ++total;
        barrier.arrive_and_wait();
      }
    });
  }
  for (int phase = 0; phase < 3; ++phase) barrier.arrive_and_wait();
  barrier.arrive_and_drop();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(completed, phases);
  EXPECT_EQ(total.load(), workers * phases);
  return ok();
}
