// Timers that the target owns: alarm and setitimer, timer_create, timerfd.
#pragma once
#include <cstdint>

#include "scheduler/world.hpp"

namespace detsim {

/// An allocated timer (Scheduler::allocate_timer) reached its deadline.
void timer_expired(std::uint32_t timer);

/// A fresh entry for a timer of the current process; nullptr when there is none left.
OwnedTimer* allocate_owned_timer(TimerKind kind);
void free_owned_timer(OwnedTimer& timer);
/// Sets or (due = 0) disarms. `due` is in virtual nanoseconds, or CPU nanoseconds of the process.
void set_owned_timer(OwnedTimer& timer, std::uint64_t due, std::uint64_t interval_ns);
/// Nanoseconds until it is due; 0: disarmed.
std::uint64_t time_left(const OwnedTimer& timer);
/// As struct itimerspec has it.
void read_timer_value(const OwnedTimer& timer, std::int64_t (&interval)[2],
                      std::int64_t (&value)[2]);
/// The signal of a POSIX timer was taken: completes its overrun count.
void timer_signal_taken(SignalInfo& info);

/// The process ends: its timers go.
void forget_timers(Process& process);
/// execve: POSIX timers go, interval timers stay.
void forget_posix_timers(Process& process);

}  // namespace detsim
