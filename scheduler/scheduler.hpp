// The deterministic core: who is runnable, who waits for what and until when, and the clock.
//
// It is plain data plus plain functions: no libc, no syscalls, no switching of stacks. Whoever
// embeds it (the shim, a unit test) asks decide() which task runs next and makes it run.
//
// Invariants, checked in release builds too:
//   - a task is in `runnable` exactly if it is runnable and not held;
//   - a task is in at most one wait queue, and only while it is waiting;
//   - now_ns never decreases;
//   - equal deadlines fire in the order in which they were armed.
#pragma once
#include <cstdint>

#include "scheduler/strategy.hpp"
#include "scheduler/task.hpp"

namespace detsim {

constexpr std::uint32_t kTasksMax = 16384;
constexpr std::uint32_t kTimersMax = 2 * kTasksMax;  // one per task, and as many free ones
constexpr std::uint32_t kQueuesMax = 8192;           // buckets; a power of two
constexpr std::uint32_t kNoTimer = ~0u;

/// Timers 0..kTasksMax-1 are the tasks' wait deadlines; the rest are allocated (alarm,
/// timer_create, timerfd) and mean something to their owner only.
struct Timer {
  std::uint64_t deadline_ns = 0;
  std::uint64_t order = 0;       // breaks ties: the order of arming
  std::uint32_t heap_index = 0;  // 1-based; 0: not armed
  std::uint32_t owner = 0;       // allocated timers: what the owner made of it
  std::uint32_t next_free = 0;
};

/// Told of every choice among waiters, when set: which was taken, of how many. It belongs to the
/// process, not to the world.
// NOLINTNEXTLINE(bugprone-dynamic-static-initializers): it is nullptr, as constants are
extern void (*wake_observer)(std::uint64_t chosen, std::uint64_t candidates);

struct Scheduler {
  std::uint64_t now_ns = 0;                 // virtual time since the start of the run
  std::uint64_t next_deadline_ns = kNever;  // of the earliest armed timer
  std::uint64_t timer_order = 0;
  std::uint64_t decisions = 0;   // scheduling points at which there was a choice
  std::uint64_t wake_draws = 0;  // wake-ups at which there was one
  std::uint32_t runnable_count = 0;
  std::uint32_t spinners = 0;    // tasks that wait with WaitKind::spin
  std::uint32_t tasks_used = 0;  // ids below this one have been used
  std::uint32_t task_free = kNoTask;
  std::uint32_t timers_used = 0;
  std::uint32_t timer_free = kNoTimer;
  std::uint32_t heap_count = 0;
  std::uint32_t live = 0;           // tasks that are neither unused nor dead
  std::uint32_t roots_started = 0;  // tasks started without a parent
  std::uint64_t now_seen_ns = 0;    // now_ns when it was last looked at: it never decreases
  StrategyState strategy;
  ChoiceStream wakes;  // which of several waiters a wake-up takes

  TaskId runnable[kTasksMax];
  std::uint32_t heap[kTimersMax + 1];
  Timer timers[kTimersMax];
  TaskId queue_head[kQueuesMax];  // stored as id + 1, so that zeroed memory is an empty table
  TaskId queue_tail[kQueuesMax];
  Task tasks[kTasksMax];

  // -- life
  /// Sets up a zeroed scheduler. The strategy's index and parameter are set by the caller.
  void begin(std::uint64_t seed);
  /// A fresh task, runnable. Returns nullptr when kTasksMax are alive.
  Task* start(const Task* parent, std::uint64_t seed);
  /// The task will never run again; its id may be reused by a later start().
  void end(Task& task);

  // -- runnable or not
  void make_runnable(Task& task, Wake why);
  /// Puts the task to sleep until wake(), its deadline, or interrupt(). Returns at once; the
  /// caller then lets another task run. `bits` as in FUTEX_WAIT_BITSET.
  void wait(Task& task, WaitKind kind, WaitKey key, std::uint32_t bits, std::uint64_t deadline_ns,
            bool interruptible);
  /// Wakes up to `count` waiters of `key` whose bits meet `bits`; which ones is drawn. Returns
  /// how many.
  std::uint32_t wake(WaitKey key, std::uint32_t count, std::uint32_t bits = ~0u);
  /// Moves up to `count` waiters to another queue (FUTEX_REQUEUE). Returns how many.
  std::uint32_t requeue(WaitKey from, WaitKey to, std::uint32_t count);
  /// The first waiter of `key` in queue order, or nullptr.
  Task* first_waiter(WaitKey key);
  /// The one behind `task` in its queue, with the same key; nullptr: it is the last.
  Task* next_waiter(const Task& task);
  /// A signal is there: an interruptible wait ends. Returns whether there was one.
  bool interrupt(Task& task);
  /// Stops or continues a task without changing what it waits for.
  void hold(Task& task, bool held);

  // -- timers
  void arm(std::uint32_t timer, std::uint64_t deadline_ns);
  void disarm(std::uint32_t timer);
  bool armed(std::uint32_t timer) const { return timers[timer].heap_index != 0; }
  std::uint32_t allocate_timer(std::uint32_t owner);  // kNoTimer when there is none left
  void free_timer(std::uint32_t timer);
  /// Takes the next timer that is due at now_ns. A task's own deadline is served inside; an
  /// allocated timer is returned to the caller. kNoTimer: nothing is due any more.
  std::uint32_t pop_due();

  // -- choosing
  /// The task that runs next among the runnable ones; nullptr when there is none.
  Task* decide(const Task* current);
  void advance(std::uint64_t cost_ns) { now_ns += cost_ns; }
};

}  // namespace detsim
