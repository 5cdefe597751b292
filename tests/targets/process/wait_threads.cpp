// Threads of one process wait at the same time: for one child each, and for any; __WNOTHREAD.
#include <atomic>
#include <thread>
#include <vector>

#include "expect.hpp"

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int round = 0; round < 5; ++round) {
        const pid_t pid = fork();
        if (pid == 0) {
          sleep_ms((i * 7 + round * 3) % 10);
          _exit(i + 1);
        }
        EXPECT_EQ(WEXITSTATUS(status_of(pid)), i + 1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  threads.clear();
  std::atomic<int> sum = 0;
  for (int i = 0; i < 4; ++i) start_child([i] { sleep_ms(i), _exit(1 << i); });
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      int status;
      EXPECT(wait(&status) > 0);
      sum += WEXITSTATUS(status);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum.load(), 15);
  return ok();
}
