#include "interpose/entry/events.hpp"

#include <linux/futex.h>

#include "interpose/base/raw.hpp"
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

}  // namespace

void record(Event event) {
  auto& w = world();
  auto& trace = w.trace;
  event.time_ns = w.scheduler.now_ns;
  event.tid = current_task().tid;
  trace.hash = digest(trace.hash, event);
  const bool stops = trace.count++ >= trace.stop_at;
  if (trace.enabled) append(trace, event);
  if (stops) stop_run(Outcome::stopped);
}

void observe_wakes() {
  wake_observer = [](std::uint64_t chosen, std::uint64_t candidates) {
    record({.kind = EventKind::wake,
            .result = static_cast<std::int64_t>(chosen),
            .detail = candidates});
  };
}

}  // namespace detsim
