// Several threads fork and execute at the same time.
#include <thread>
#include <vector>

#include "expect.hpp"

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([i] {
      for (int round = 0; round < 3; ++round) {
        const pid_t pid = fork();
        if (pid == 0) {
          execl("/bin/sh", "sh", "-c", "exit $1", "sh", std::to_string(10 + i).c_str(), nullptr);
          _exit(127);
        }
        EXPECT_EQ(WEXITSTATUS(status_of(pid)), 10 + i);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  return ok();
}
