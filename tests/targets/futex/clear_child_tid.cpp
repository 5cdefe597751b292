// set_tid_address: at the thread's end the word is zeroed and one shared waiter woken, also when
// the process dies by a signal with the word in shared memory.
#include <sched.h>
#include <signal.h>

#include "futex/futex.hpp"

int main() {
  auto* words = static_cast<int*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  EXPECT(words != MAP_FAILED);
  constexpr size_t stack_bytes = 64 << 10;
  char* stack = static_cast<char*>(
      mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (int way = 0; way < 2; ++way) {
    words[0] = 1;
    words[1] = way;
    // The word is cleared only while others share the memory, hence CLONE_VM.
    int (*child_main)(void*) = [](void* argument) {
      int* its = static_cast<int*>(argument);
      const long tid = syscall(SYS_set_tid_address, its);
      if (tid != syscall(SYS_gettid)) return 1;
      timespec pause = {0, 2000000};
      syscall(SYS_nanosleep, &pause, nullptr);
      if (its[1] == 1) syscall(SYS_kill, tid, SIGKILL);
      return 0;
    };
    const pid_t pid = clone(child_main, stack + stack_bytes, CLONE_VM | SIGCHLD, words);
    EXPECT(pid > 0);
    while (__atomic_load_n(&words[0], __ATOMIC_SEQ_CST) != 0) futex(&words[0], FUTEX_WAIT, 1);
    const int status = status_of(pid);
    EXPECT(way == 0 ? status == 0 : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }
  return ok();
}
