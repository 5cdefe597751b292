// Threads that take several mutexes in clashing orders try, fail and back off (std::scoped_lock),
// each in the same number of steps: whatever the schedule, they must not do so for ever.
#include <mutex>
#include <thread>
#include <vector>

#include "expect.hpp"

namespace {

constexpr int kRounds = 30;

void clash(int thread_count) {
  std::mutex a, b, c;
  long total = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        if (i % 3 == 0) {
          const std::scoped_lock lock(a, b, c);
          ++total;
        } else if (i % 3 == 1) {
          const std::scoped_lock lock(c, b, a);
          ++total;
        } else {
          const std::scoped_lock lock(b, a);
          ++total;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(total, kRounds * thread_count);
}

}  // namespace

int main() {
  for (int threads = 2; threads <= 9; ++threads) clash(threads);
  return ok();
}
