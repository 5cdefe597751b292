// wait() reports children in the order in which they ended, whatever the order of their start.
#include "expect.hpp"

int main() {
  constexpr int delays_ms[] = {150, 50, 100, 0};
  pid_t pids[4];
  for (int i = 0; i < 4; ++i) {
    pids[i] = start_child([&] {
      sleep_ms(delays_ms[i]);
      _exit(10 + i);
    });
  }
  for (const int child : {3, 1, 2, 0}) {
    int status;
    EXPECT_EQ(wait(&status), pids[child]);
    EXPECT(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 10 + child);
  }
  EXPECT_ERRNO(wait(nullptr), ECHILD);
  return ok();
}
