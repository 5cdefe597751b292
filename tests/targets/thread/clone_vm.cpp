// clone(CLONE_VM) without CLONE_THREAD: a process of its own in the same memory; its exit clears
// and wakes the tid word, its status is waited for with __WALL.
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.hpp"

static int volatile shared_value;
static int child_tid = -1;
static pid_t child_sees_pid;

// Shares the parent's TLS, so only system calls whose errno does not matter.
static int child_main(void* argument) {
  EXPECT_EQ(argument, static_cast<void*>(&child_tid));
  child_sees_pid = static_cast<pid_t>(syscall(SYS_getpid));
  shared_value = 77;
  return 12;
}

int main() {
  constexpr size_t stack_bytes = 64 << 10;
  char* stack = static_cast<char*>(
      mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  EXPECT(stack != MAP_FAILED);
  for (int exit_signal : {SIGCHLD, 0}) {
    shared_value = 0;
    child_tid = -1;
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_CHILD_CLEARTID | exit_signal;
    const pid_t pid =
        clone(child_main, stack + stack_bytes, flags, &child_tid, nullptr, nullptr, &child_tid);
    EXPECT(pid > 0);
    int seen;
    while ((seen = __atomic_load_n(&child_tid, __ATOMIC_SEQ_CST)) != 0) {
      syscall(SYS_futex, &child_tid, FUTEX_WAIT, seen, nullptr, nullptr, 0);
    }
    EXPECT_EQ(shared_value, 77);
    EXPECT_EQ(child_sees_pid, pid);
    int status = 0;
    if (exit_signal == 0) EXPECT_ERRNO(waitpid(pid, &status, 0), ECHILD);
    EXPECT_EQ(waitpid(pid, &status, __WALL), pid);
    EXPECT(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 12);
  }
  return ok();
}
