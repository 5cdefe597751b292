// Three programs in a row: data flows, the last reader ends the writers by SIGPIPE.
#include <signal.h>

#include "expect.hpp"

static pid_t start(const char* script, int in, int out, int (*pipes)[2]) {
  return start_child([&] {
    signal(SIGPIPE, SIG_DFL);
    if (in >= 0) dup2(in, 0);
    if (out >= 0) dup2(out, 1);
    for (int i = 0; i < 3; ++i) close(pipes[i][0]), close(pipes[i][1]);
    execl("/bin/sh", "sh", "-c", script, nullptr);
    _exit(127);
  });
}

int main() {
  int pipes[3][2];
  for (auto& each : pipes) EXPECT_EQ(pipe(each), 0);
  const pid_t first = start("exec yes word", -1, pipes[0][1], pipes);
  const pid_t second = start("exec tr w W", pipes[0][0], pipes[1][1], pipes);
  const pid_t third = start("exec head -n 3", pipes[1][0], pipes[2][1], pipes);
  close(pipes[2][1]);
  for (int i = 0; i < 2; ++i) close(pipes[i][0]), close(pipes[i][1]);
  char text[64] = {};
  size_t length = 0;
  for (ssize_t count; (count = read(pipes[2][0], text + length, sizeof text - length)) > 0;) {
    length += static_cast<size_t>(count);
  }
  EXPECT_EQ(std::string(text, length), "Word\nWord\nWord\n");
  EXPECT_CHILD_OK(third);
  EXPECT_EQ(WTERMSIG(status_of(second)), SIGPIPE);
  EXPECT_EQ(WTERMSIG(status_of(first)), SIGPIPE);
  return ok();
}
