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

constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
constexpr int kAll[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1,
                        SIGUSR2, SIGALRM, SIGTSTP, SIGCHLD, SIGPIPE};

struct sigaction inherited_actions[std::size(kAll)];
sigset_t inherited_mask;
volatile sig_atomic_t ending_signal = 0, stop_noted = 0;
std::uint64_t to_pass_on = 0;

void note(int number, siginfo_t* info, void*) {
  const int error = errno;
  for (const int ending : kEnding) {
    if (number == ending && ending_signal == 0) ending_signal = number;
  }
  const bool from_terminal = info->si_code == SI_KERNEL && number != SIGALRM;
  if (number == SIGTSTP) {
    stop_noted = 1;
  } else if (number != SIGCHLD && !from_terminal) {
    __atomic_fetch_or(&to_pass_on, 1ull << (number - 1), __ATOMIC_SEQ_CST);
  }
  __atomic_add_fetch(&world().outcome_word, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &world().outcome_word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  errno = error;
}

}  // namespace

SignalWatch::SignalWatch() {
  ending_signal = 0;
  stop_noted = 0;
  to_pass_on = 0;
  sigset_t watched;
  sigemptyset(&watched);
  for (std::size_t i = 0; i < std::size(kAll); ++i) {
    sigaction(kAll[i], nullptr, &inherited_actions[i]);
    struct sigaction action {};
    if (kAll[i] == SIGPIPE) {
      action.sa_handler = SIG_IGN;
    } else {
      action.sa_sigaction = note;
      action.sa_flags = SA_SIGINFO;
    }
    sigfillset(&action.sa_mask);
    const bool stays_ignored = inherited_actions[i].sa_handler == SIG_IGN && kAll[i] != SIGCHLD;
    if (!stays_ignored) sigaction(kAll[i], &action, nullptr);
    sigaddset(&watched, kAll[i]);
  }
  sigprocmask(SIG_UNBLOCK, &watched, &inherited_mask);
}

SignalWatch::~SignalWatch() { restore_signals(); }

int SignalWatch::asked_to_end() const { return ending_signal; }

std::uint64_t SignalWatch::take_to_pass_on() const {
  return __atomic_exchange_n(&to_pass_on, 0, __ATOMIC_SEQ_CST);
}

bool SignalWatch::take_stop() const {
  const bool noted = stop_noted != 0;
  stop_noted = 0;
  return noted;
}

void restore_signals() {
  for (std::size_t i = 0; i < std::size(kAll); ++i) {
    sigaction(kAll[i], &inherited_actions[i], nullptr);
  }
  sigprocmask(SIG_SETMASK, &inherited_mask, nullptr);
}

}  // namespace detsim
