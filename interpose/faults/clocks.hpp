// Faults of clocks and timers. Virtual time itself never changes its pace: what changes is how a
// process's clocks show it, and how moments that a process names are turned into virtual time.
#pragma once
#include "interpose/faults/points.hpp"

namespace detsim {

/// The time since the start of the run as the clocks of the current process show it.
std::uint64_t shown_elapsed_ns();
/// The virtual time at which they show this much; and the virtual length of a duration by them.
std::uint64_t virtual_time_of(std::uint64_t shown_ns);
std::uint64_t virtual_length_of(std::uint64_t shown_ns);
/// By how much the wall clock of the current process is ahead, modulo 2^64.
std::uint64_t wall_ahead_ns();

/// Draws how a process's clocks go, when it has not been done for the program that it runs.
void settle_clocks(Process& process);

/// A timer was set: whether for a moment of the wall clock, which may be set, and whether it wants
/// to be told of that (TFD_TIMER_CANCEL_ON_SET).
void mark_timer(const OwnedTimer& timer, bool is_wall_moment, bool cancel_on_set);
/// Whether the clock was set since the timer was, or since this was last asked (ECANCELED).
bool take_cancellation(const OwnedTimer& timer);

/// How often the owner of a timer that expired is told: 1, if no fault strikes.
unsigned times_told(const OwnedTimer& timer);

}  // namespace detsim
