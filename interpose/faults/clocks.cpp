#include "interpose/faults/clocks.hpp"

#include <linux/time.h>

#include "interpose/base/library.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/timers.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/faults/strike.hpp"

namespace detsim {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::uint64_t kLeapNs = 1'000'000'000;

struct ProcessClock {
  std::int32_t pid = 0;
  char name[kTaskNameBytes] = {};
  std::int64_t rate_ppm = 0;  // faster by this much
  std::uint64_t base_ns = 0,
                shown_ns = 0;   // virtual time since which it goes so, as it showed then
  std::uint64_t offset_ns = 0;  // of its wall clock
};

struct TimerMark {
  bool is_wall_moment = false, cancel_on_set = false, cancelled = false;
};

struct TimeFaults {
  ProcessClock clocks[kProcessesMax];
  TimerMark timers[kOwnedTimersMax];
};

TimeFaults& faults() { return *reinterpret_cast<TimeFaults*>(kWorldTimerMarks); }

TimerMark& mark_of(const OwnedTimer& timer) { return faults().timers[&timer - world().timers]; }

const ProcessClock& my_clock() { return faults().clocks[cpu().process->index]; }

std::uint64_t scaled(std::uint64_t ns, std::int64_t by, std::int64_t over) {
  const auto product = static_cast<unsigned __int128>(ns) * static_cast<std::uint64_t>(by);
  // The quotient by hand: division of 128 bits is a function of a library that is not there.
  const auto divisor = static_cast<std::uint64_t>(over);
  auto high = static_cast<std::uint64_t>(product >> 64);
  auto low = static_cast<std::uint64_t>(product);
  if (high >= divisor) return kNever / 2;
  std::uint64_t quotient, rest;
  __asm__("divq %4" : "=a"(quotient), "=d"(rest) : "0"(low), "1"(high), "r"(divisor) : "cc");
  return quotient + (rest != 0 ? 1 : 0);
}

std::uint64_t shown_at(const ProcessClock& clock, std::uint64_t now_ns) {
  const auto since = now_ns - clock.base_ns;
  if (clock.rate_ppm == 0) return clock.shown_ns + since;
  return clock.shown_ns + scaled(since, kMillion + clock.rate_ppm, kMillion);
}

// The process is its main task to the draws, or the run's whole when that one has ended.
Opportunity opportunity_of(const Process& process, Op op) {
  Opportunity what{.ops = bit_of(op), .now_ns = world().scheduler.now_ns, .task = kFaultTasksMax};
  if (process.main_task < kTasksMax) {
    what.task = process.main_task;
    what.ancestry = world().scheduler.tasks[process.main_task].ancestry;
  }
  what.process = process.name;
  return what;
}

// Calls visit(rule) for each rule that strikes.
template <typename Visit>
void decide_for(const Process& process, Op op, Visit visit) {
  auto& state = fault_state();
  auto what = opportunity_of(process, op);
  for (std::uint32_t i = 0; i < state.rules_used; ++i) {
    auto& rule = state.rules[i];
    if (!may_apply(state, rule, what)) continue;
    if (rule.process_nth != 0) what.process_nth = place_among_namesakes(process, rule.process);
    if (decide_fault(state, rule, what)) visit(rule);
  }
}

// The wall clock was set: forward by this much, modulo 2^64.
void set_wall_clock(std::uint64_t by_ns) {
  auto& w = world();
  fault_state().wall_jumped_ns += by_ns;
  const auto now_ns = w.scheduler.now_ns;
  for (std::uint32_t i = 0; i < w.timers_used; ++i) {
    OwnedTimer& timer = w.timers[i];
    auto& mark = mark_of(timer);
    if (timer.kind == TimerKind::unused || !mark.is_wall_moment) continue;
    if (mark.cancel_on_set) {
      mark.cancelled = true;
      if (timer.kind == TimerKind::descriptor) {
        if (timer.expirations == 0) timer.expirations = 1;  // it is readable: that is how it tells
        io_happened(static_cast<ObjectId>(timer.object), kReadable);
      }
    }
    if (timer.due == 0) continue;
    const auto left = static_cast<std::int64_t>(timer.due - now_ns - by_ns);
    set_owned_timer(timer, left > 0 ? now_ns + static_cast<std::uint64_t>(left) : now_ns,
                    timer.interval_ns);
  }
}

bool jump(Moment& moment, std::uint64_t by_ns) {
  moment.value = by_ns;
  set_wall_clock(by_ns);
  return true;
}

}  // namespace

std::uint64_t shown_elapsed_ns() { return shown_at(my_clock(), world().scheduler.now_ns); }

std::uint64_t virtual_time_of(std::uint64_t shown_ns) {
  const auto& clock = my_clock();
  if (shown_ns <= clock.shown_ns) return clock.base_ns;
  return clock.base_ns + virtual_length_of(shown_ns - clock.shown_ns);
}

std::uint64_t virtual_length_of(std::uint64_t shown_ns) {
  const auto& clock = my_clock();
  if (clock.rate_ppm == 0) return shown_ns;
  return scaled(shown_ns, kMillion, kMillion + clock.rate_ppm);
}

std::uint64_t wall_ahead_ns() { return fault_state().wall_jumped_ns + my_clock().offset_ns; }

void settle_clocks(Process& process) {
  auto& clock = faults().clocks[process.index];
  if (clock.pid == process.pid && memcmp(clock.name, process.name, sizeof clock.name) == 0) return;
  const auto now_ns = world().scheduler.now_ns;
  // What its clocks have shown, they do not take back.
  ProcessClock next{.pid = process.pid, .base_ns = now_ns, .shown_ns = now_ns};
  if (clock.pid == process.pid) next.shown_ns = shown_at(clock, now_ns);
  memcpy(next.name, process.name, sizeof next.name);
  decide_for(process, Op::process, [&](FaultRule& rule) {
    if (rule.fault == FaultId::timer_offset) {
      next.offset_ns += parameter(rule, "offset");
      return note_strike(rule, nullptr, process, next.offset_ns);
    }
    const auto rate = static_cast<std::int64_t>(parameter(rule, "rate"));
    next.rate_ppm += rule.fault == FaultId::timer_drift_fast ? rate : -rate;
    note_strike(rule, nullptr, process, static_cast<std::uint64_t>(rate));
  });
  clock = next;
}

void mark_timer(const OwnedTimer& timer, bool is_wall_moment, bool cancel_on_set) {
  mark_of(timer) = {is_wall_moment, is_wall_moment && cancel_on_set, false};
}

bool take_cancellation(const OwnedTimer& timer) {
  auto& mark = mark_of(timer);
  const bool was = mark.cancelled;
  mark.cancelled = false;
  return was;
}

unsigned times_told(const OwnedTimer& timer) {
  unsigned times = 1;
  const auto& process = world().processes[timer.process];
  decide_for(process, Op::timer, [&](FaultRule& rule) {
    if (rule.fault == FaultId::timer_skip) times = 0;
    if (rule.fault == FaultId::timer_duplicate && times != 0) ++times;
    note_strike(rule, nullptr, process, timer.interval_ns);
  });
  return times;
}

namespace strike {

bool timer_jump_forward(Moment& moment) {
  return jump(moment, parameter(*moment.rule, "distance"));
}
bool timer_jump_backward(Moment& moment) {
  return jump(moment, 0 - parameter(*moment.rule, "distance"));
}
bool timer_leap_second(Moment& moment) { return jump(moment, 0 - kLeapNs); }

}  // namespace strike
}  // namespace detsim
