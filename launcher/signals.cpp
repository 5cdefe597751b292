#include "launcher/signals.hpp"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "scheduler/world.hpp"

namespace detsim {
namespace {

constexpr int kAll[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGPIPE};

struct sigaction inherited_actions[std::size(kAll)];
sigset_t inherited_mask;
volatile sig_atomic_t ending_signal = 0;

void note(int number) {
  const int error = errno;
  if (number != SIGCHLD && ending_signal == 0) ending_signal = number;
  __atomic_add_fetch(&world().outcome_word, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &world().outcome_word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  errno = error;
}

}  // namespace

SignalWatch::SignalWatch() {
  ending_signal = 0;
  sigset_t watched;
  sigemptyset(&watched);
  for (std::size_t i = 0; i < std::size(kAll); ++i) {
    sigaction(kAll[i], nullptr, &inherited_actions[i]);
    struct sigaction action {};
    action.sa_handler = kAll[i] == SIGPIPE ? SIG_IGN : note;
    sigfillset(&action.sa_mask);
    const bool stays_ignored = inherited_actions[i].sa_handler == SIG_IGN && kAll[i] != SIGCHLD;
    if (!stays_ignored) sigaction(kAll[i], &action, nullptr);
    sigaddset(&watched, kAll[i]);
  }
  sigprocmask(SIG_UNBLOCK, &watched, &inherited_mask);
}

SignalWatch::~SignalWatch() { restore_signals(); }

int SignalWatch::asked_to_end() const { return ending_signal; }

void restore_signals() {
  for (std::size_t i = 0; i < std::size(kAll); ++i) {
    sigaction(kAll[i], &inherited_actions[i], nullptr);
  }
  sigprocmask(SIG_SETMASK, &inherited_mask, nullptr);
}

}  // namespace detsim
