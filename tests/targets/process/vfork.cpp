// vfork: the child shares the parent's memory, the parent goes on at its exec, its exit or the
// failure of its exec, and other threads go on meanwhile.
#include <atomic>
#include <thread>

#include "expect.hpp"

static volatile int shared;

// Each in a function of its own: a vfork child must not return from its caller's.
[[gnu::noinline]] static void end_in_child() {
  const pid_t pid = vfork();
  if (pid == 0) {
    shared = 1;
    _exit(4);
  }
  EXPECT_EQ(shared, 1);
  EXPECT_EQ(WEXITSTATUS(status_of(pid)), 4);
}

[[gnu::noinline]] static void fail_to_execute() {
  volatile int error = 0;
  const pid_t pid = vfork();
  if (pid == 0) {
    execl("/nonexistent", "x", nullptr);
    error = errno;
    _exit(127);
  }
  EXPECT_EQ(error, ENOENT);
  EXPECT_EQ(WEXITSTATUS(status_of(pid)), 127);
}

[[gnu::noinline]] static void execute() {
  const pid_t pid = vfork();
  if (pid == 0) {
    shared = shared + 1;
    execl("/bin/sh", "sh", "-c", "exit 6", nullptr);
    _exit(127);
  }
  EXPECT_EQ(WEXITSTATUS(status_of(pid)), 6);
}

int main() {
  std::atomic<bool> done = false;
  std::thread busy([&] {
    while (!done) sleep_ms(1);
  });
  end_in_child();
  fail_to_execute();
  for (int i = 0; i < 20; ++i) execute();
  EXPECT_EQ(shared, 21);
  done = true;
  busy.join();
  return ok();
}
