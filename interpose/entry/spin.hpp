// Tasks that spin: found out by stepping them, and made waiters on what they read. The promises
// and the whole way are in docs/spinning.md.
//
// Laws: what is found does not depend on when it was looked for; a task whose loop has any effect
// that others could see is left alone.
#pragma once
#include <signal.h>
#include <ucontext.h>

#include <cstdint>

#include "interpose/entry/frame.hpp"
#include "scheduler/spin_words.hpp"
#include "scheduler/world.hpp"

namespace detsim {

// -- the search; called in signal handlers

/// The watchdog's signal, number kNudgeSignal.
void on_nudge(int, siginfo_t* info, void* context);
/// Whether a search is under way: SIGTRAP is its own then.
bool is_searching();
/// One more instruction of the target was carried out.
void search_step(ucontext_t* context);
/// Something else happened: the target goes on without being stepped.
void stop_search(ucontext_t* context);
/// The next search begins as the frame is left, for at most `steps`.
void search_from(Frame& f, std::uint32_t steps);

/// What the last search found.
struct FoundSpin {
  SpinWords reads;
  std::uint32_t circle = 0;  // steps
};
const FoundSpin& found_spin();

// -- waiting

/// Waits until the bytes differ from what they are now, or a signal is there. On the task's shim
/// stack.
void wait_for_change(SpinWords& reads);
/// At scheduling points while somebody spins: whose bytes changed can run. `idle`: nobody else can
/// run. Returns whether somebody can run now who could not.
bool look_at_spinners(bool idle);

}  // namespace detsim
