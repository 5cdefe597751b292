// A process group that loses its shell: SIGTSTP no longer stops it, and when it has stopped
// members, they get SIGHUP and SIGCONT.
#include <sys/mman.h>

#include "signal/signal.hpp"

static int volatile hups;

int main() {
  auto* shared = static_cast<int volatile*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  // A session of its own: nobody in it is above the leader.
  EXPECT_CHILD_OK(start_child([] {
    EXPECT(setsid() > 0);
    raise(SIGTSTP);
    raise(SIGTTIN);
  }));

  EXPECT_CHILD_OK(start_child([shared] {
    EXPECT(setsid() > 0);
    const pid_t shell = start_child([shared] {
      setpgid(0, 0);
      const pid_t job = start_child([shared] {
        setpgid(0, 0);
        handle(SIGHUP, [](int, siginfo_t*, void*) { hups = hups + 1; });
        raise(SIGTSTP);
        EXPECT_EQ(hups, 1);
        raise(SIGTSTP);  // orphaned by now: nothing happens
        shared[0] = 1;
      });
      int status;
      EXPECT_EQ(waitpid(job, &status, WUNTRACED), job);
      EXPECT(WIFSTOPPED(status));
      // Ends: the job's group has nobody above it in its session any more.
    });
    EXPECT_CHILD_OK(shell);
    while (shared[0] == 0) sleep_ms(1);
  }));
  return ok();
}
