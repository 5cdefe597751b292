// What the launcher does with signals while a run is on. Handlers only note what happened and
// move the world's outcome_word, on which the launcher sleeps: no wake-up can be missed.
#pragma once

namespace detsim {

/// Notes SIGCHLD and the signals that ask the launcher to end (SIGINT, SIGTERM, SIGHUP, SIGQUIT)
/// until it is destroyed. Signals that this process was started to ignore stay ignored.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// The first signal that asked the launcher to end; 0: none.
  int asked_to_end() const;
};

/// In a child, before execve: everything as this process was started with.
void restore_signals();

}  // namespace detsim
