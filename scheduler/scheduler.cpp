// The life of tasks, the runnable set, the wait queues and the choice. Timers: timers.cpp.
//
// The runnable set is an array with swap-remove, so that a strategy can index it. A wait queue is
// a bucket of an intrusive doubly linked list, found by hashing the key; several keys may share a
// bucket and then share its list, within which the waiters of one key keep their order.
//
// Compiled into the target without libc: nothing here allocates, locks or uses floating point.
#include "scheduler/scheduler.hpp"

#include "scheduler/branch.hpp"
#include "scheduler/invariant.hpp"
#include "scheduler/prefix.hpp"

namespace detsim {
namespace {

constexpr unsigned kQueuesBits = 13;
static_assert(kQueuesMax == 1u << kQueuesBits);

/// Fibonacci hashing: the high bits of a product with an odd constant.
std::uint32_t bucket_of(WaitKey key) {
  const auto folded = key.address ^ (key.space * 0xd6e8feb86659fd93u);
  return static_cast<std::uint32_t>((folded * 0x9e3779b97f4a7c15u) >> (64 - kQueuesBits));
}

/// The head and tail fields hold id + 1; between tasks, plain ids with kNoTask at the ends.
TaskId head_of(const Scheduler& s, std::uint32_t bucket) { return s.queue_head[bucket] - 1; }

void queue_append(Scheduler& s, Task& task) {
  DETSIM_INVARIANT(!task.queued);
  const auto bucket = bucket_of(task.wait_key);
  const TaskId tail = s.queue_tail[bucket] - 1;
  task.queue_previous = tail;
  task.queue_next = kNoTask;
  if (tail == kNoTask) {
    s.queue_head[bucket] = task.id + 1;
  } else {
    s.tasks[tail].queue_next = task.id;
  }
  s.queue_tail[bucket] = task.id + 1;
  task.queued = true;
}

void queue_remove(Scheduler& s, Task& task) {
  DETSIM_INVARIANT(task.queued);
  const auto bucket = bucket_of(task.wait_key);
  if (task.queue_previous == kNoTask) {
    DETSIM_INVARIANT(head_of(s, bucket) == task.id);
    s.queue_head[bucket] = task.queue_next + 1;
  } else {
    s.tasks[task.queue_previous].queue_next = task.queue_next;
  }
  if (task.queue_next == kNoTask) {
    DETSIM_INVARIANT(s.queue_tail[bucket] == task.id + 1);
    s.queue_tail[bucket] = task.queue_previous + 1;
  } else {
    s.tasks[task.queue_next].queue_previous = task.queue_previous;
  }
  task.queue_next = kNoTask;
  task.queue_previous = kNoTask;
  task.queued = false;
}

void runnable_insert(Scheduler& s, Task& task) {
  DETSIM_INVARIANT(s.runnable_count < kTasksMax);
  task.run_index = s.runnable_count;
  s.runnable[s.runnable_count++] = task.id;
}

void runnable_remove(Scheduler& s, Task& task) {
  DETSIM_INVARIANT(task.run_index < s.runnable_count && s.runnable[task.run_index] == task.id);
  const TaskId last = s.runnable[--s.runnable_count];
  s.runnable[task.run_index] = last;
  s.tasks[last].run_index = task.run_index;
}

bool alive(const Task& task) {
  return task.state == TaskState::runnable || task.state == TaskState::waiting;
}

bool meets(const Task& task, WaitKey key, std::uint32_t bits) {
  return task.wait_key == key && (task.wait_bits & bits) != 0;
}

/// The waiter of `key` that has `skip` others of it before it in the queue.
Task* nth_waiter(Scheduler& s, WaitKey key, std::uint32_t bits, std::uint64_t skip) {
  for (TaskId id = head_of(s, bucket_of(key)); id != kNoTask; id = s.tasks[id].queue_next) {
    Task& task = s.tasks[id];
    if (meets(task, key, bits) && skip-- == 0) return &task;
  }
  return nullptr;
}

std::uint32_t count_waiters(const Scheduler& s, WaitKey key, std::uint32_t bits) {
  std::uint32_t found = 0;
  for (TaskId id = head_of(s, bucket_of(key)); id != kNoTask; id = s.tasks[id].queue_next) {
    found += meets(s.tasks[id], key, bits) ? 1 : 0;
  }
  return found;
}

std::uint32_t wake_all(Scheduler& s, WaitKey key, std::uint32_t bits) {
  std::uint32_t woken = 0;
  for (TaskId id = head_of(s, bucket_of(key)); id != kNoTask;) {
    Task& task = s.tasks[id];
    id = task.queue_next;
    if (!meets(task, key, bits)) continue;
    s.make_runnable(task, Wake::woken);
    ++woken;
  }
  return woken;
}

std::uint64_t choose_wake(Scheduler& s, std::uint64_t candidates) {
  const auto number = s.wake_draws++;
  const Strategy& row = strategies()[s.strategy.index];
  const auto chosen = row.pick_wake == nullptr ? s.wakes.below(candidates)
                                               : row.pick_wake(s.strategy, number, candidates);
  if (wake_observer != nullptr) wake_observer(chosen, candidates);
  return chosen;
}

/// A child is told from its siblings and from the children of others by the path to it.
std::uint64_t child_ancestry(std::uint64_t parent, std::uint32_t child) {
  return mix64(mix64(parent + 0x9e3779b97f4a7c15u) + child);
}

}  // namespace

void (*wake_observer)(std::uint64_t chosen, std::uint64_t candidates) = nullptr;

namespace {

void begin_strategy(Scheduler& scheduler, std::uint64_t seed) {
  auto& strategy = scheduler.strategy;
  DETSIM_INVARIANT(strategy.index < strategies().size());
  scheduler.wakes = ChoiceStream::derive(seed, Stream::wake);
  strategy.stream = ChoiceStream::derive(seed, Stream::schedule);
  const Strategy& row = strategies()[strategy.index];
  if (strategy.parameter == 0) strategy.parameter = row.parameter_default;
  DETSIM_INVARIANT(strategy.parameter <= row.parameter_max);
  row.begin(strategy);
  for (TaskId id = 0; id < scheduler.tasks_used; ++id) {
    Task& task = scheduler.tasks[id];
    if (!alive(task)) continue;
    task.strategy = {};
    row.task_started(strategy, task, nullptr);
  }
}

}  // namespace

void begin_choices(Scheduler& scheduler, std::uint64_t seed) {
  for (TaskId id = 0; id < scheduler.tasks_used; ++id) {
    Task& task = scheduler.tasks[id];
    if (alive(task)) task.data = ChoiceStream::derive(seed, Stream::data, task.ancestry);
  }
  begin_strategy(scheduler, seed);
}

void begin_branch(Scheduler& scheduler, std::uint64_t seed, const Branch& branch) {
  const auto& before = scheduler.strategy;
  StrategyState strategy;
  strategy.index = before.index;
  strategy.parameter = before.parameter;
  if (before.length > branch.decision) strategy.length = before.length - branch.decision;
  scheduler.strategy = strategy;
  const auto place = mix64(seed ^ mix64(branch.decision + 0x9e3779b97f4a7c15u));
  begin_strategy(scheduler, mix64(place + branch.child));
}

void Scheduler::begin(std::uint64_t seed) {
  next_deadline_ns = kNever;
  task_free = kNoTask;
  timer_free = kNoTimer;
  begin_choices(*this, seed);
}

Task* Scheduler::start(const Task* parent, std::uint64_t seed) {
  TaskId id = task_free;
  if (id != kNoTask) {
    task_free = tasks[id].queue_next;
  } else if (tasks_used < kTasksMax) {
    id = tasks_used++;
  } else {
    return nullptr;
  }
  Task& task = tasks[id];
  DETSIM_INVARIANT(!alive(task));
  task = Task{};
  task.id = id;
  if (parent != nullptr) {
    DETSIM_INVARIANT(parent == &tasks[parent->id] && parent != &task);
    task.ancestry = child_ancestry(parent->ancestry, tasks[parent->id].children_started++);
  } else {
    task.ancestry = child_ancestry(0, roots_started++);
  }
  task.data = ChoiceStream::derive(seed, Stream::data, task.ancestry);
  task.next.kind = OperationKind::start;
  task.state = TaskState::runnable;
  ++live;
  strategies()[strategy.index].task_started(strategy, task, parent);
  runnable_insert(*this, task);
  return &task;
}

void Scheduler::end(Task& task) {
  DETSIM_INVARIANT(alive(task));
  if (task.state == TaskState::runnable && !task.held) runnable_remove(*this, task);
  if (task.queued) queue_remove(*this, task);
  disarm(task.id);
  if (task.state == TaskState::waiting && task.wait_kind == WaitKind::spin) --spinners;
  task.state = TaskState::dead;
  task.wait_kind = WaitKind::none;
  task.held = false;
  task.queue_next = task_free;  // the free list runs through the dead tasks
  task_free = task.id;
  --live;
}

void Scheduler::make_runnable(Task& task, Wake why) {
  DETSIM_INVARIANT(task.state == TaskState::waiting);
  if (task.queued) queue_remove(*this, task);
  if (armed(task.id)) disarm(task.id);
  task.state = TaskState::runnable;
  task.wake = why;
  if (task.wait_kind == WaitKind::spin) --spinners;
  task.wait_kind = WaitKind::none;
  task.wait_external = false;
  if (!task.held) runnable_insert(*this, task);
}

void Scheduler::wait(Task& task, WaitKind kind, WaitKey key, std::uint32_t bits,
                     std::uint64_t deadline_ns, bool interruptible) {
  DETSIM_INVARIANT(task.state == TaskState::runnable);
  DETSIM_INVARIANT(kind != WaitKind::none);
  if (!task.held) runnable_remove(*this, task);
  task.state = TaskState::waiting;
  task.wake = Wake::none;
  task.wait_kind = kind;
  if (kind == WaitKind::spin) ++spinners;
  task.wait_interruptible = interruptible;
  task.wait_key = key;
  task.wait_bits = bits;
  task.wait_since_ns = now_ns;
  queue_append(*this, task);
  if (deadline_ns != kNever) arm(task.id, deadline_ns);
}

std::uint32_t Scheduler::wake(WaitKey key, std::uint32_t count, std::uint32_t bits) {
  if (count == 0 || head_of(*this, bucket_of(key)) == kNoTask) return 0;
  if (count >= live) return wake_all(*this, key, bits);
  std::uint32_t candidates = count_waiters(*this, key, bits);
  if (candidates <= count) return wake_all(*this, key, bits);
  for (std::uint32_t woken = 0; woken < count; ++woken) {
    Task* const chosen = nth_waiter(*this, key, bits, choose_wake(*this, candidates--));
    DETSIM_INVARIANT(chosen != nullptr);
    make_runnable(*chosen, Wake::woken);
  }
  return count;
}

std::uint32_t Scheduler::requeue(WaitKey from, WaitKey to, std::uint32_t count) {
  std::uint32_t moved = 0;
  for (TaskId id = head_of(*this, bucket_of(from)); id != kNoTask && moved < count;) {
    Task& task = tasks[id];
    id = task.queue_next;
    if (task.wait_key != from) continue;
    ++moved;
    if (from == to) continue;  // counted but left in place, as the kernel does
    // When both keys share the bucket, `id` may now be stale only if `task` was the last, and
    // then it is kNoTask and the walk ends before the appended tasks.
    queue_remove(*this, task);
    task.wait_key = to;
    queue_append(*this, task);
  }
  return moved;
}

Task* Scheduler::first_waiter(WaitKey key) {
  for (TaskId id = head_of(*this, bucket_of(key)); id != kNoTask; id = tasks[id].queue_next) {
    if (tasks[id].wait_key == key) return &tasks[id];
  }
  return nullptr;
}

Task* Scheduler::next_waiter(const Task& task) {
  for (TaskId id = task.queue_next; id != kNoTask; id = tasks[id].queue_next) {
    if (tasks[id].wait_key == task.wait_key) return &tasks[id];
  }
  return nullptr;
}

bool Scheduler::interrupt(Task& task) {
  if (task.state != TaskState::waiting || !task.wait_interruptible) return false;
  make_runnable(task, Wake::interrupted);
  return true;
}

void Scheduler::hold(Task& task, bool held) {
  if (!alive(task) || task.held == held) return;
  task.held = held;
  if (task.state != TaskState::runnable) return;
  if (held) {
    runnable_remove(*this, task);
  } else {
    runnable_insert(*this, task);
  }
}

Task* Scheduler::decide(const Task* current) {
  DETSIM_INVARIANT(now_ns >= now_seen_ns);
  now_seen_ns = now_ns;
  if (runnable_count == 0) return nullptr;
  const Strategy& row = strategies()[strategy.index];
  std::uint32_t chosen = 0;
  if (runnable_count > 1) {
    ++decisions;
    chosen = row.pick(strategy, *this, current);
    DETSIM_INVARIANT(chosen < runnable_count);
  } else if (row.every_step) {
    chosen = row.pick(strategy, *this, current);
    DETSIM_INVARIANT(chosen == 0);
  }
  Task& task = tasks[runnable[chosen]];
  DETSIM_INVARIANT(task.state == TaskState::runnable && !task.held && task.run_index == chosen);
  return &task;
}

}  // namespace detsim
