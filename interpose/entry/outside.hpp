// Signals from outside of the run: Ctrl-C, kill(1), timeout(1). They are an input of the run like
// what a terminal gives: no two runs get them at the same moment.
//
// The kernel delivers one to a process of the run, whatever that process is doing. Its handler
// only notes it in the world, atomically; whoever holds the baton queues it for that process, as
// a signal like any other, at its next entry.
#pragma once
#include <ucontext.h>

#include "scheduler/world.hpp"

namespace detsim {

/// Installs the handlers, of signals that programs are ended, reloaded or told by.
void handle_outside_signals();

/// Whether some were noted and not queued yet.
inline bool has_outside_signals() {
  return __atomic_load_n(&world().outside_noted, __ATOMIC_RELAXED) != 0;
}
/// Queues them. By the holder of the baton.
void take_outside_signals();
/// The same for a task that came by enter_for_outside_signals(): it may never make a call again,
/// so whoever is to take the signals gets turns now.
void take_outside_signals_in_loop();

/// In a signal handler that interrupted the target's own code: if signals were noted, makes it
/// enter the shim, which a loop without calls would not do by itself.
void enter_for_outside_signals(ucontext_t* context);

}  // namespace detsim
