#include "interpose/entry/events.hpp"

#include <linux/futex.h>

#include "interpose/base/raw.hpp"
#include "interpose/entry/paused.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

// The ring is full: the launcher takes events out; nobody else runs meanwhile.
void wait_for_space(TraceRing& trace) {
  auto& w = world();
  while (trace.written - __atomic_load_n(&trace.drained, __ATOMIC_SEQ_CST) >= kRingEvents) {
    const auto seen = __atomic_load_n(&trace.space_word, __ATOMIC_SEQ_CST);
    w.request = Request::drain;
    __atomic_add_fetch(&w.outcome_word, 1, __ATOMIC_SEQ_CST);
    raw(__NR_futex, &w.outcome_word, FUTEX_WAKE, 1 << 30);
    if (trace.written - __atomic_load_n(&trace.drained, __ATOMIC_SEQ_CST) < kRingEvents) break;
    raw(__NR_futex, &trace.space_word, FUTEX_WAIT, seen, nullptr);
  }
}

void append(TraceRing& trace, const Event& event) {
  if (trace.written - trace.drained >= kRingEvents) wait_for_space(trace);
  trace.events[trace.written % kRingEvents] = event;
  __atomic_store_n(&trace.written, trace.written + 1, __ATOMIC_SEQ_CST);
}

// The launcher reports, and ends us; unless a debugger lets the run go on: it makes the outcome
// `running` again.
void pause_run() {
  auto& w = world();
  w.outcome = Outcome::stopped;
  __atomic_add_fetch(&w.outcome_word, 1, __ATOMIC_SEQ_CST);
  raw(__NR_futex, &w.outcome_word, FUTEX_WAKE, 1 << 30);
  detsim_paused();
  const auto stopped = static_cast<std::uint32_t>(Outcome::stopped);
  auto* word = reinterpret_cast<std::uint32_t*>(&w.outcome);
  while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == stopped) {
    raw(__NR_futex, word, FUTEX_WAIT, stopped, nullptr);
  }
}

}  // namespace

void record(Event event) {
  auto& w = world();
  auto& trace = w.trace;
  event.time_ns = w.scheduler.now_ns;
  event.tid = current_task().tid;
  trace.hash = digest(trace.hash, event);
  const bool stops = trace.count++ >= trace.stop_at;
  if (trace.enabled) append(trace, event);
  if (stops) pause_run();
}

void observe_wakes() {
  wake_observer = [](std::uint64_t chosen, std::uint64_t candidates) {
    record({.kind = EventKind::wake,
            .result = static_cast<std::int64_t>(chosen),
            .detail = candidates});
  };
}

}  // namespace detsim
