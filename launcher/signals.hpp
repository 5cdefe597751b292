// What the launcher does with signals while a run is on. Handlers only note what happened and
// move the world's outcome_word, on which the launcher sleeps: no wake-up can be missed.
//
// A signal that somebody sends to the launcher is meant for the program, and passed on. What a
// terminal sends (Ctrl-C) the kernel has sent to the run's processes as well: they are in the
// launcher's process group.
#pragma once
#include <cstdint>

namespace detsim {

/// Notes SIGCHLD, SIGTSTP and what programs are told or ended by (SIGHUP, SIGINT, SIGQUIT,
/// SIGTERM, SIGUSR1, SIGUSR2, SIGALRM) until it is destroyed. Signals that this process was
/// started to ignore stay ignored.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// The first signal that asks a program to end; 0: none.
  int asked_to_end() const;
  /// Signals to pass on that have come since the last call: bit n-1 is signal n.
  std::uint64_t take_to_pass_on() const;
  /// Whether SIGTSTP has come since the last call.
  bool take_stop() const;
};

/// In a child, before execve: everything as this process was started with.
void restore_signals();

}  // namespace detsim
