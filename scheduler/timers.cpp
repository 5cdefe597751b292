// Armed timers in a 4-ary heap of indices, ordered by (deadline, order of arming). Four children
// share a cache line and halve the depth of a binary heap.
#include "scheduler/invariant.hpp"
#include "scheduler/scheduler.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t kArity = 4;

bool before(const Timer& a, const Timer& b) {
  return a.deadline_ns != b.deadline_ns ? a.deadline_ns < b.deadline_ns : a.order < b.order;
}

/// Positions are 1-based, so that position 0 can mean "not armed".
constexpr std::uint32_t parent_of(std::uint32_t position) { return (position - 2) / kArity + 1; }
constexpr std::uint32_t first_child_of(std::uint32_t position) {
  return kArity * (position - 1) + 2;
}

void put(Scheduler& s, std::uint32_t position, std::uint32_t timer) {
  s.heap[position] = timer;
  s.timers[timer].heap_index = position;
}

void sift_up(Scheduler& s, std::uint32_t position, std::uint32_t timer) {
  while (position > 1) {
    const auto parent = parent_of(position);
    if (!before(s.timers[timer], s.timers[s.heap[parent]])) break;
    put(s, position, s.heap[parent]);
    position = parent;
  }
  put(s, position, timer);
}

void sift_down(Scheduler& s, std::uint32_t position, std::uint32_t timer) {
  while (first_child_of(position) <= s.heap_count) {
    const auto first = first_child_of(position);
    const auto end = first + kArity <= s.heap_count + 1 ? first + kArity : s.heap_count + 1;
    auto least = first;
    for (auto child = first + 1; child < end; ++child) {
      if (before(s.timers[s.heap[child]], s.timers[s.heap[least]])) least = child;
    }
    if (!before(s.timers[s.heap[least]], s.timers[timer])) break;
    put(s, position, s.heap[least]);
    position = least;
  }
  put(s, position, timer);
}

void note_earliest(Scheduler& s) {
  s.next_deadline_ns = s.heap_count == 0 ? kNever : s.timers[s.heap[1]].deadline_ns;
}

}  // namespace

void Scheduler::arm(std::uint32_t timer, std::uint64_t deadline_ns) {
  DETSIM_INVARIANT(timer < kTimersMax);
  disarm(timer);
  if (deadline_ns == kNever) return;
  timers[timer].deadline_ns = deadline_ns;
  timers[timer].order = ++timer_order;
  sift_up(*this, ++heap_count, timer);
  note_earliest(*this);
}

void Scheduler::disarm(std::uint32_t timer) {
  DETSIM_INVARIANT(timer < kTimersMax);
  const auto position = timers[timer].heap_index;
  if (position == 0) return;
  DETSIM_INVARIANT(position <= heap_count && heap[position] == timer);
  timers[timer].heap_index = 0;
  const auto last = heap[heap_count--];
  if (last != timer) {  // the last one fills the gap, and belongs above or below it
    if (position > 1 && before(timers[last], timers[heap[parent_of(position)]])) {
      sift_up(*this, position, last);
    } else {
      sift_down(*this, position, last);
    }
  }
  note_earliest(*this);
}

std::uint32_t Scheduler::allocate_timer(std::uint32_t owner) {
  std::uint32_t timer = timer_free;
  if (timer != kNoTimer) {
    timer_free = timers[timer].next_free;
  } else if (timers_used < kTimersMax - kTasksMax) {
    timer = kTasksMax + timers_used++;
  } else {
    return kNoTimer;
  }
  timers[timer] = Timer{};
  timers[timer].owner = owner;
  return timer;
}

void Scheduler::free_timer(std::uint32_t timer) {
  DETSIM_INVARIANT(timer >= kTasksMax && timer < kTasksMax + timers_used);
  disarm(timer);
  timers[timer].next_free = timer_free;
  timer_free = timer;
}

std::uint32_t Scheduler::pop_due() {
  DETSIM_INVARIANT(now_ns >= now_seen_ns);
  now_seen_ns = now_ns;
  while (heap_count != 0 && next_deadline_ns <= now_ns) {
    const auto timer = heap[1];
    disarm(timer);
    if (timer >= kTasksMax) return timer;
    make_runnable(tasks[timer], Wake::timed_out);
  }
  return kNoTimer;
}

}  // namespace detsim
