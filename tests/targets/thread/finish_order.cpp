// The order in which eight equal threads end, seen through a mutex.
#include <mutex>
#include <thread>
#include <vector>

#include "support/interleaving.hpp"

int main() {
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'i'; ++letter) {
    threads.emplace_back([&mutex, letter] {
      for (int i = 0; i < 3; ++i) std::lock_guard guard(mutex);
      std::lock_guard guard(mutex);
      interleaving_note(letter);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(interleaving_length, 8u);
  interleaving_print();
  return ok();
}
