// enter(): what every call goes through, whichever door it came by.
#include <asm-generic/errno.h>

#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/epoll_changes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/disk/over_disk.hpp"
#include "interpose/entry/cpu.hpp"
#include "interpose/entry/events.hpp"
#include "interpose/entry/outside.hpp"
#include "interpose/entry/park.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/entry/trap.hpp"
#include "interpose/faults/strike.hpp"

namespace detsim {
namespace {

// A task may wait for what others do to memory while it makes calls that nobody sees (getpid): it
// must let them run.
constexpr std::uint32_t kUnseenCallsPerYield = 64;

void record_call(const Frame& f, long result) {
  record({.kind = EventKind::call,
          .call = static_cast<std::uint16_t>(f.number),
          .result = result,
          .site = f.rip});
}

void count_sleeps(Task& me, std::uint64_t number) {
  if (number == __NR_clock_nanosleep || number == __NR_nanosleep) {
    if (me.sleeps_in_row++ == 0) me.sleeping_since_ns = world().scheduler.now_ns;
  } else if (number != __NR_clock_gettime && number != __NR_gettimeofday) {
    me.sleeps_in_row = 0;
  }
}

bool others_see(const Call& call, const Frame& f) {
  if (call.seen != Seen::by_sharers) return call.seen == Seen::by_others;
  return !is_private(static_cast<int>(f.rdi));
}

}  // namespace

Frame& current_frame() { return *reinterpret_cast<Frame*>(current_thread().frame); }

extern "C" void detsim_enter(Frame* frame) {
  Frame& f = *frame;
  auto& w = world();
  resume_stepping(f);
  cpu().keeps_vector = 1;
  current_thread().frame = reinterpret_cast<std::uint64_t>(frame);
  current_thread().call_deadline_ns = 0;
  if (f.number == kNullCall) {
    deliver_signals(f, 0);
    return;
  }
  if ((++w.entered & 0xffff) == 0) end_with_launcher();
  if (has_outside_signals()) [[unlikely]]
    take_outside_signals();
  Task& me = current_task();
  ++me.calls;
  me.clock_reads = 0;
  count_sleeps(me, f.number);
  me.cpu_ns += kCallCostNs;
  w.scheduler.advance(kCallCostNs);
  if (f.number != __NR_epoll_ctl) make_epoll_changes();
  const Call& call = call_of(f.number);
  // The first argument names what most calls are about: a descriptor, a futex word, a pid.
  if (others_see(call, f)) {
    me.unseen_calls = 0;
    scheduling_point({OperationKind::call, f.rdi + 1});
  } else if (++me.unseen_calls % kUnseenCallsPerYield == 0) {
    scheduling_point({OperationKind::yield, 0});
  }
  // A wait that a signal interrupted which then ran no handler goes on as if nothing had been.
  if (may_park_before_calls()) [[unlikely]]
    park_before(f);
  long result;
  bool is_struck = is_planned(f.number) && plan_strikes(call, f);
  do {
    result = is_struck ? call_under_plan(call, f) : carry_out(call, f);
    is_struck = false;
    if (result == kFrameIsSet) break;
    f.rax = static_cast<std::uint64_t>(result);
    record_call(f, result);
  } while ((has_deliverable_signal() || is_restart(result)) && deliver_signals(f, result));
  if (result == kFrameIsSet && has_deliverable_signal()) deliver_signals(f, 0);
}

}  // namespace detsim
