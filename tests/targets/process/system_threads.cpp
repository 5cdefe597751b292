// system() and popen() from several threads at once: each gets its own result.
#include <signal.h>

#include <thread>
#include <vector>

#include "expect.hpp"

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      const auto number = std::to_string(i);
      for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(WEXITSTATUS(system(("sleep 0.0" + number + "; exit " + number).c_str())), i);
        FILE* pipe = popen(("echo " + number).c_str(), "r");
        EXPECT(pipe != nullptr);
        int read = -1;
        EXPECT_EQ(fscanf(pipe, "%d", &read), 1);
        EXPECT_EQ(read, i);
        EXPECT_EQ(pclose(pipe), 0);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(WTERMSIG(system("kill -9 $$")), SIGKILL);
  EXPECT(system(nullptr) != 0);
  FILE* pipe = popen("cat >/dev/null; exit 2", "w");
  EXPECT(fputs("text\n", pipe) >= 0);
  EXPECT_EQ(WEXITSTATUS(pclose(pipe)), 2);
  return ok();
}
