// A shutdown that is missed. The server looks whether it was asked to stop, does some work, and
// then waits for the next signal; a SIGTERM between the look and the waiting sets the flag, but
// nothing wakes the server any more. detsim reports a deadlock (status 120).
//
// The cure: block the signal and wait with sigsuspend(), or with a self-pipe.
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace {

volatile sig_atomic_t stop_requested = 0;

void request_stop(int) { stop_requested = 1; }

}  // namespace

int main() {
  struct sigaction action = {};
  action.sa_handler = request_stop;
  sigaction(SIGTERM, &action, nullptr);

  const pid_t operator_process = fork();
  if (operator_process < 0) return 2;
  if (operator_process == 0) _exit(kill(getppid(), SIGTERM) == 0 ? 0 : 2);

  while (!stop_requested) {
    sched_yield();  // the work
    pause();        // the bug: the signal may have come already
  }
  waitpid(operator_process, nullptr, 0);
  std::puts("stopped when asked to");
}
