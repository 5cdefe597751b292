// Clocks as the target reads them. All are the one virtual clock with an offset; the CPU clocks
// are what tasks and processes were charged.
//
// Reading costs virtual time, or a task that polls a clock would starve everybody else:
// a reading that passes a due timer is a scheduling point, and after every 64
// consecutive readings the task yields and the cost doubles, up to 1 ms.
#pragma once
#include <cstdint>

#include "interpose/entry/cpu.hpp"
#include "scheduler/world.hpp"

namespace detsim {

/// CLOCK_MONOTONIC at virtual time zero: a machine that has been up for a while.
constexpr std::uint64_t kBootNs = 1'000'000'000'000;
constexpr std::uint64_t kSecondNs = 1'000'000'000;

constexpr std::uint64_t kReadingNs = 20;
constexpr std::uint64_t kReadingMaxNs = 1'000'000;
constexpr std::uint32_t kReadingsPerYield = 64;

/// Moves virtual time on on behalf of a task that computes.
inline void charge(Task& task, std::uint64_t cost_ns) {
  task.cpu_ns += cost_ns;
  world().scheduler.advance(cost_ns);
}

/// Whether virtual time has reached something that must be looked after.
inline bool is_due() {
  const auto& w = world();
  return w.scheduler.now_ns >= w.scheduler.next_deadline_ns ||
         w.scheduler.now_ns > w.config.virtual_limit_ns;
}

/// Charges one step of polling (a clock reading, a failed try of a lock) to the current task. True:
/// the task has to reach a scheduling point, of kind yield, now.
inline bool charge_polling() {
  Task& me = *cpu().task;
  const auto doublings = me.clock_reads++ / kReadingsPerYield;
  const auto cost = kReadingNs << (doublings < 16 ? doublings : 16);
  charge(me, cost < kReadingMaxNs ? cost : kReadingMaxNs);
  return is_due() || me.clock_reads % kReadingsPerYield == 0;
}

/// What a clock shows, without reading it: no cost, no scheduling point. The ids of clock_gettime,
/// those of other processes' and threads' CPU clocks included. Not `ok`: no such clock.
std::uint64_t clock_value(int clock, bool& ok);

/// One reading from inside of the shim (on the task's shim stack): cost, scheduling point, value.
std::uint64_t read_clock(int clock, bool& ok);

/// Whether clock_nanosleep and timers take this clock.
bool is_sleep_clock(int clock);

/// The virtual time, in the scheduler's terms, of a timeout given on a clock; kNever when it lies
/// beyond the end of time.
std::uint64_t deadline_from(int clock, std::int64_t seconds, std::int64_t nanoseconds,
                            bool absolute);
/// The same for a duration: the first of a call counts, also when the call is carried out again.
std::uint64_t deadline_after(std::uint64_t duration_ns);

/// The time stamp counter: it counts nanoseconds since the (virtual) machine was switched on.
inline std::uint64_t time_stamp_counter() { return kBootNs + world().scheduler.now_ns; }

/// What clock_getres tells; 0: no such clock.
std::uint64_t clock_resolution_ns(int clock);

}  // namespace detsim
