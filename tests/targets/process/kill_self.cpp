// A process that is killed in the middle of everything: with threads, with children, while it
// waits; what it held is let go.
#include <signal.h>
#include <sys/prctl.h>

#include <thread>

#include "expect.hpp"

int main() {
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  const pid_t pid = start_child([&] {
    close(channel[0]);
    std::thread reader([] { pause(); });
    std::thread sleeper([] { sleep_ms(100000); });
    const pid_t parent = getpid();
    start_child([parent] {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() == parent) pause();  // it may be dead by now
    });
    EXPECT_EQ(write(channel[1], "x", 1), 1);
    pause();
  });
  close(channel[1]);
  char byte;
  EXPECT_EQ(read(channel[0], &byte, 1), 1);
  EXPECT_EQ(kill(pid, SIGKILL), 0);
  const int status = status_of(pid);
  EXPECT(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_CHILD_OK(start_child([] {
    const pid_t me = getpid();
    std::thread([me] { kill(me, SIGCHLD); }).join();
    const pid_t child = start_child([] { kill(getpid(), SIGKILL); });
    EXPECT_EQ(WTERMSIG(status_of(child)), SIGKILL);
  }));
  return ok();
}
