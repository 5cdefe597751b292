#include "interpose/calls/idle.hpp"

#include <poll.h>
#include <signal.h>

#include "interpose/base/raw.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/descriptors_async.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/switch.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

constexpr unsigned kNestingMax = 5;  // of epolls in epolls, as the kernel allows
constexpr int kPatienceMs = 200;     // for a producer outside that pauses
constexpr int kTurnMs = 10;          // when several tasks wait for the outside
constexpr std::uint32_t kVainLooks = 64;

IoWait& wait_of(const Task& task) { return descriptor_state().waits[task.id]; }

bool waits_for_io(const Task& task) {
  if (task.state != TaskState::waiting) return false;
  return task.wait_kind == WaitKind::io || task.wait_kind == WaitKind::file_lock ||
         task.wait_kind == WaitKind::ipc || task.wait_kind == WaitKind::fifo;
}

bool concerns(const IoWait& wait, ObjectId object, std::uint32_t events) {
  if (wait.anything) return true;
  for (std::uint32_t i = 0; i < wait.count; ++i) {
    if (wait.objects[i] == object && (wait.events[i] & events) != 0) return true;
  }
  return false;
}

// The queue of those who wait for several objects; the next one of it is found before the task
// leaves it.
void wake_pollers(ObjectId object, std::uint32_t events) {
  auto& scheduler = world().scheduler;
  constexpr WaitKey key{kPollSpace, 0};
  for (Task* task = scheduler.first_waiter(key); task != nullptr;) {
    TaskId next = task->queue_next;
    while (next != kNoTask && scheduler.tasks[next].wait_key != key) {
      next = scheduler.tasks[next].queue_next;
    }
    if (concerns(wait_of(*task), object, events)) scheduler.make_runnable(*task, Wake::woken);
    task = next != kNoTask ? &scheduler.tasks[next] : nullptr;
  }
}

void wake_everybody() {
  auto& scheduler = world().scheduler;
  for (TaskId id = 0; id < scheduler.tasks_used; ++id) {
    Task& task = scheduler.tasks[id];
    if (waits_for_io(task)) scheduler.make_runnable(task, Wake::woken);
  }
}

void happened(ObjectId id, std::uint32_t events, bool outside, unsigned depth) {
  auto& scheduler = world().scheduler;
  scheduler.wake({kIoSpace, id}, ~0u, events);
  wake_pollers(id, events);
  IoObject& object = object_of(id);
  if (outside) object.patience_spent = false;
  if (object.watched_by_many) return wake_everybody();
  if (depth == kNestingMax) return;
  for (const Watcher& watcher : object.watchers) {
    if (watcher.count != 0) happened(watcher.epoll, kReadable, outside, depth + 1);
  }
}

// Tasks that were killed while they waited are still counted: the count errs upwards, and is put
// right when it matters.
bool wait_with(WaitKind kind, WaitKey key, std::uint32_t bits, std::uint64_t deadline_ns,
               bool exact, bool external) {
  if (has_deliverable_signal()) return false;
  auto& w = world();
  auto& state = descriptor_state();
  Task& me = current_task();
  IoWait& wait = wait_of(me);
  wait.exact = exact;
  wait.tried_at = w.entered;
  wait.vain_looks = 0;
  if (!exact) ++state.uncertain_waiters;
  w.scheduler.wait(me, kind, key, bits, deadline_ns, true);
  me.wait_external = external;
  reschedule();
  me.wait_kind = WaitKind::none;
  me.wait_external = false;
  if (!exact && state.uncertain_waiters > 0) --state.uncertain_waiters;
  return me.wake != Wake::interrupted || !has_deliverable_signal();
}

}  // namespace

void io_happened(ObjectId object, std::uint32_t events) {
  if (object == kNoObject) return wake_everybody();
  happened(object, events, object_of(object).external, 0);
  if (object_of(object).async_events != 0) signal_owner(object_of(object), events);
}

void Interest::add(ObjectId object, std::uint32_t wanted) {
  if (object == kNoObject) {
    anything = true;
    return;
  }
  exact = exact && object_of(object).exact;
  external = external || object_of(object).external;
  if (count == kMax) {
    anything = true;
    return;
  }
  objects[count] = object;
  events[count++] = static_cast<std::uint8_t>(wanted);
}

bool wait_for_io(const Interest& interest, std::uint64_t deadline_ns) {
  IoWait& wait = wait_of(current_task());
  wait.count = interest.count;
  wait.anything = interest.anything;
  for (std::uint32_t i = 0; i < interest.count; ++i) {
    wait.objects[i] = interest.objects[i];
    wait.events[i] = interest.events[i];
  }
  const bool one = interest.count == 1 && !interest.anything;
  const WaitKey key = one ? WaitKey{kIoSpace, interest.objects[0]} : WaitKey{kPollSpace, 0};
  const std::uint32_t bits = one ? interest.events[0] : kAnyEvent;
  return wait_with(WaitKind::io, key, bits, deadline_ns, interest.exact && !interest.anything,
                   interest.external);
}

bool wait_for_io(ObjectId object, std::uint32_t events, std::uint64_t deadline_ns) {
  Interest interest;
  interest.add(object, events);
  return wait_for_io(interest, deadline_ns);
}

bool wait_uncertain(WaitKind kind, WaitKey key, std::uint64_t deadline_ns) {
  return wait_with(kind, key, ~0u, deadline_ns, false, false);
}

std::uint64_t deadline_of_call(std::uint64_t deadline_ns) {
  const Task& me = current_task();
  IoWait& wait = wait_of(me);
  if (wait.call != me.calls || wait.tid != me.tid) {
    wait.call = me.calls;
    wait.tid = me.tid;
    wait.call_deadline_ns = deadline_ns;
  }
  return wait.call_deadline_ns;
}

int patience_ms() {
  IoWait& wait = wait_of(current_task());
  if (!wait.may_block) return 0;
  wait.may_block = false;
  return wait.is_alone ? -1 : kTurnMs;
}

int patience_ms(const Interest& interest) {
  for (std::uint32_t i = 0; i < interest.count; ++i) {
    const IoObject& object = object_of(interest.objects[i]);
    // The outside takes what it is given: that it is slow never shows.
    if (object.external && (interest.events[i] & kWritable) != 0) return -1;
    const bool hopeful = object.external && !object.patience_spent;
    if (hopeful && object.kind != DescriptorKind::terminal) return kPatienceMs;
  }
  return patience_ms();
}

void waited_in_vain(const Interest& interest) {
  for (std::uint32_t i = 0; i < interest.count; ++i) {
    IoObject& object = object_of(interest.objects[i]);
    if (object.external) object.patience_spent = true;
  }
}

bool is_still(int fd, Descriptor descriptor) {
  const Descriptor now = look_up(fd);
  return now.kind == descriptor.kind && now.object == descriptor.object;
}

void looked_in_vain(bool in_vain) {
  IoWait& wait = wait_of(current_task());
  if (!in_vain) {
    wait.vain_looks = 0;
    return;
  }
  const auto doublings = wait.vain_looks++ / kVainLooks;
  const auto cost = kReadingNs << (doublings < 16 ? doublings : 16);
  charge(current_task(), cost < kReadingMaxNs ? cost : kReadingMaxNs);
}

bool retry_waiters() {
  auto& w = world();
  auto& state = descriptor_state();
  auto& scheduler = w.scheduler;
  const bool desperate = scheduler.next_deadline_ns == kNever;
  if (!desperate && state.uncertain_waiters == 0) return false;
  bool any = false;
  std::uint32_t uncertain = 0;
  for (TaskId id = 0; id < scheduler.tasks_used; ++id) {
    Task& task = scheduler.tasks[id];
    if (!waits_for_io(task)) continue;
    IoWait& wait = state.waits[id];
    uncertain += wait.exact ? 0 : 1;
    if (wait.tried_at == w.entered || (wait.exact && !desperate)) continue;
    wait.tried_at = w.entered;
    scheduler.make_runnable(task, Wake::woken);
    any = true;
  }
  state.uncertain_waiters = uncertain;
  return any;
}

// The task that waits for the outside does the waiting itself, in its own process: it is woken
// with the permission to block for real. When there are several they take turns.
bool wait_for_outside() {
  auto& scheduler = world().scheduler;
  auto& state = descriptor_state();
  Task* chosen = nullptr;
  Task* first = nullptr;
  std::uint32_t count = 0;
  for (TaskId id = 0; id < scheduler.tasks_used; ++id) {
    Task& task = scheduler.tasks[id];
    if (task.state != TaskState::waiting || !task.wait_external) continue;
    ++count;
    if (first == nullptr) first = &task;
    if (chosen == nullptr && id > state.last_outside) chosen = &task;
  }
  if (first == nullptr) return false;
  if (chosen == nullptr) chosen = first;
  state.last_outside = chosen->id;
  IoWait& wait = state.waits[chosen->id];
  wait.may_block = true;
  wait.is_alone = count == 1;
  scheduler.make_runnable(*chosen, Wake::woken);
  return true;
}

}  // namespace detsim
