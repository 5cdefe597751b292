// Hundreds of children: pids are all different, none is lost.
#include <set>

#include "expect.hpp"

int main() {
  std::set<pid_t> seen;
  for (int round = 0; round < 10; ++round) {
    std::set<pid_t> pids;
    for (int i = 0; i < 30; ++i) {
      const pid_t pid = start_child([] { _exit(1); });
      EXPECT(seen.insert(pid).second);
      pids.insert(pid);
    }
    while (!pids.empty()) {
      int status;
      const pid_t pid = wait(&status);
      EXPECT_EQ(pids.erase(pid), 1u);
      EXPECT_EQ(WEXITSTATUS(status), 1);
    }
  }
  return ok();
}
