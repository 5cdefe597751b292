#include "interpose/calls/signal_queue.hpp"

#include <signal.h>

#include "interpose/calls/signals.hpp"
#include "interpose/calls/timers.hpp"

namespace detsim {
namespace {

constexpr int kFirstRealtime = 32;

// Index + 1 of a free entry; 0: there is none.
std::uint32_t take_entry() {
  auto& w = world();
  const auto index = w.signal_free;
  if (index == 0) return w.signals_used < kQueuedSignalsMax ? ++w.signals_used : 0;
  w.signal_free = w.signals[index - 1].next;
  return index;
}

}  // namespace

bool enqueue(SignalQueue& queue, const SignalInfo& info) {
  auto& w = world();
  if (info.number < kFirstRealtime && (queue.set & bit_of(info.number)) != 0) return true;
  queue.set |= bit_of(info.number);
  const auto index = take_entry();
  if (index == 0) return false;
  ++w.signals_queued;
  w.signals[index - 1] = {info, 0};
  if (queue.last != 0) {
    w.signals[queue.last - 1].next = index;
  } else {
    queue.first = index;
  }
  queue.last = index;
  return true;
}

SignalInfo dequeue(SignalQueue& queue, int number) {
  auto& w = world();
  SignalInfo info{.number = number, .code = SI_USER};
  bool found = false, another = false;
  std::uint32_t previous = 0;
  for (std::uint32_t i = queue.first; i != 0;) {
    QueuedSignal& entry = w.signals[i - 1];
    const auto next = entry.next;
    if (entry.info.number == number && !found) {
      found = true;
      info = entry.info;
      (previous != 0 ? w.signals[previous - 1].next : queue.first) = next;
      if (queue.last == i) queue.last = previous;
      entry.next = w.signal_free;
      w.signal_free = i;
      --w.signals_queued;
    } else {
      another = another || entry.info.number == number;
      previous = i;
    }
    i = next;
  }
  if (!another) queue.set &= ~bit_of(number);
  if (info.code == SI_TIMER) timer_signal_taken(info);
  return info;
}

void drop(SignalQueue& queue, std::uint64_t numbers) {
  for (auto set = queue.set & numbers; set != 0; set &= set - 1) {
    const int number = __builtin_ctzll(set) + 1;
    while ((queue.set & bit_of(number)) != 0) dequeue(queue, number);
  }
}

std::uint32_t queued_signals() { return world().signals_queued; }

}  // namespace detsim
