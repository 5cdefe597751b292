// std::shared_mutex, shared_timed_mutex and scoped_lock over several mutexes in clashing orders.
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "expect.hpp"

using namespace std::chrono_literals;

int main() {
  std::shared_timed_mutex shared;
  int value = 0, mirror = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 30; ++round) {
        if (i < 2) {
          std::unique_lock lock(shared);
          ++value;
          std::this_thread::yield();
          ++mirror;
        } else {
          std::shared_lock lock(shared);
          const int seen = value;
          std::this_thread::yield();
          EXPECT_EQ(mirror, seen);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(value, 60);
  {
    std::unique_lock lock(shared);
    std::thread([&] {
      EXPECT(!shared.try_lock());
      EXPECT(!shared.try_lock_shared_for(2ms));
    }).join();
  }
  std::mutex a, b;
  std::recursive_timed_mutex c;
  long total = 0;
  threads.clear();
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        if (i % 2) {
          std::scoped_lock lock(a, b, c);
          ++total;
        } else {
          std::scoped_lock lock(c, b, a);
          ++total;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(total, 200);
  return ok();
}
