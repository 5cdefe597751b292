// Stopping and continuing: waitpid and SIGCHLD tell of it, a sleep that was under way does not
// start anew, SIGCONT drops pending stops and continues even where it is blocked, a stopped process
// takes signals only when it goes on, and SIGKILL ends it all the same.
#include <poll.h>
#include <sys/mman.h>

#include "signal/signal.hpp"

static int stopped_status(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
  EXPECT(WIFSTOPPED(status));
  return WSTOPSIG(status);
}

static void wait_until_continued(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, WCONTINUED), child);
  EXPECT(WIFCONTINUED(status));
}

static int volatile children_stopped, children_continued;
static void on_child(int, siginfo_t* info, void*) {
  if (info->si_code == CLD_STOPPED) children_stopped = children_stopped + 1;
  if (info->si_code == CLD_CONTINUED) children_continued = children_continued + 1;
  EXPECT_EQ(info->si_uid, getuid());
}

static int* shared;

template <class Function>
static void stopped_while(Function sleeps) {
  const pid_t child = start_child([&] {
    const long long before = now_ns(CLOCK_MONOTONIC);
    sleeps();
    const long long took = now_ns(CLOCK_MONOTONIC) - before;
    // Stopped from 20 to 100 ms of it.
    EXPECT(took >= 199'000'000 && took < 270'000'000);
  });
  sleep_ms(20);
  EXPECT_EQ(kill(child, SIGSTOP), 0);
  EXPECT_EQ(stopped_status(child), SIGSTOP);
  sleep_ms(80);
  EXPECT_EQ(kill(child, SIGCONT), 0);
  wait_until_continued(child);
  EXPECT_CHILD_OK(child);
}

int main() {
  shared = static_cast<int*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  handle(SIGCHLD, on_child, SA_RESTART);

  // Each stop signal; TSTP, TTIN and TTOU too, since this group has a parent in its session.
  for (int number : {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU}) {
    const pid_t child = start_child([number] {
      setpgid(0, 0);
      raise(number);
      _exit(7);
    });
    EXPECT_EQ(stopped_status(child), number);
    int status;
    EXPECT_EQ(waitpid(child, &status, WNOHANG | WUNTRACED | WCONTINUED), 0);
    EXPECT_EQ(kill(child, SIGCONT), 0);
    EXPECT_EQ(WEXITSTATUS(status_of(child)), 7);
  }
  EXPECT_EQ(children_stopped, 4);

  stopped_while([] { sleep_ms(200); });
  stopped_while([] { EXPECT_EQ(poll(nullptr, 0, 200), 0); });
  EXPECT_EQ(children_continued >= 2, true);

  // Handled while blocked: it continues at once and is delivered when unblocked. Whoever is stopped
  // takes nothing else.
  const pid_t child = start_child([] {
    handle(SIGCONT,
           [](int, siginfo_t*, void*) { __atomic_fetch_add(shared, 1, __ATOMIC_SEQ_CST); });
    handle(SIGUSR1, [](int, siginfo_t*, void*) { shared[1] = 1; });
    block({SIGCONT});
    raise(SIGSTOP);
    EXPECT_EQ(shared[0], 0);
    EXPECT_EQ(shared[1], 1);
    raise(SIGSTOP);
    unblock({SIGCONT});
    EXPECT_EQ(shared[0], 1);
    // A pending SIGCONT goes when a stop comes, and the other way round.
    block({SIGCONT, SIGTSTP});
    raise(SIGTSTP);
    raise(SIGCONT);
    sigset_t pending;
    sigpending(&pending);
    EXPECT_EQ(sigismember(&pending, SIGTSTP), 0);
    EXPECT_EQ(sigismember(&pending, SIGCONT), 1);
    raise(SIGTSTP);
    sigpending(&pending);
    EXPECT_EQ(sigismember(&pending, SIGTSTP), 1);
    EXPECT_EQ(sigismember(&pending, SIGCONT), 0);
    signal(SIGTSTP, SIG_IGN);
    unblock({SIGCONT, SIGTSTP});
    EXPECT_EQ(shared[0], 1);
    raise(SIGSTOP);
    _exit(99);
  });
  EXPECT_EQ(stopped_status(child), SIGSTOP);
  kill(child, SIGUSR1);
  sleep_ms(2);
  EXPECT_EQ(shared[1], 0);
  kill(child, SIGCONT);
  EXPECT_EQ(stopped_status(child), SIGSTOP);
  kill(child, SIGCONT);
  EXPECT_EQ(stopped_status(child), SIGSTOP);
  kill(child, SIGKILL);
  const int status = status_of(child);
  EXPECT(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  return ok();
}
