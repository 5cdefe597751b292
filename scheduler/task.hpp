// A task: what the target sees as one thread. It lives in the world, readable by every process
// of the run and by the launcher; the parts that only its own process may touch say so.
#pragma once
#include <cstdint>

#include "scheduler/choice.hpp"

namespace detsim {

using TaskId = std::uint32_t;  // index into Scheduler::tasks; ids are reused, tids are not
constexpr TaskId kNoTask = ~0u;
constexpr std::uint64_t kNever = ~0ull;  // a deadline that does not come

enum class TaskState : std::uint8_t { unused, runnable, waiting, dead };

/// Why a waiting task was made runnable again.
enum class Wake : std::uint8_t { none, woken, timed_out, interrupted };

/// What a task waits for; the noun shows in deadlock reports and traces.
enum class WaitKind : std::uint8_t {
  none,
  futex,
  futex_pi,
  sleep,
  io,
  child,
  signal,
  vfork,
  file_lock,
  ipc,
  spin,
  stopped,
  fifo
};

/// The queue a task waits in: a kind of object (or address space) and which one of them.
struct WaitKey {
  std::uint64_t space = 0;
  std::uint64_t address = 0;
  friend bool operator==(const WaitKey&, const WaitKey&) = default;
};

/// What a task is about to do at a scheduling point, for strategies that look at conflicts.
enum class OperationKind : std::uint8_t {
  none,
  start,
  end,
  yield,
  lock,
  unlock,
  wait,
  signal,
  atomic,
  read,
  write,
  call
};

struct Operation {
  OperationKind kind = OperationKind::none;
  std::uint64_t object = 0;  // address or object identity; 0 means unknown
};

/// What a strategy keeps per task. Only strategies read or write it.
struct StrategyTask {
  std::uint64_t priority = 0;
  std::uint64_t steps = 0;
  std::uint64_t operation_tag = 0;
  std::uint64_t expected_events = 0;  // surw: from a profile, with those of future children
  std::uint64_t urn_events = 0;       // surw: events of interest since a task was last started
  std::uint32_t urn = 0;              // surw: the StrategyState::urn that urn_events counts in
  bool profiled = false;              // surw: expected_events is known
  bool intended = false;              // surw: the next event of interest is to be this task's
};

constexpr unsigned kTaskNameBytes = 16;

struct Task {
  // -- identity
  TaskId id = 0;
  std::uint32_t process = 0;  // index into World::processes
  std::int32_t tid = 0;       // virtual
  char name[kTaskNameBytes] = {};
  std::uint64_t ancestry = 0;  // hash of (parent's ancestry, how many children it had before)
  std::uint32_t children_started = 0;

  // -- scheduling
  TaskState state = TaskState::unused;
  bool held = false;  // its process is stopped: not in the runnable set, whatever its state
  Wake wake = Wake::none;
  std::uint32_t run_index = 0;  // position in Scheduler::runnable
  Operation next;
  StrategyTask strategy;

  // -- waiting
  WaitKind wait_kind = WaitKind::none;
  bool wait_interruptible = false;
  bool wait_external = false;  // waits for something outside of the world
  WaitKey wait_key;
  std::uint32_t wait_bits = 0;
  std::uint64_t wait_since_ns = 0;
  std::uint64_t wait_value = 0;  // what the waker hands over; meaning depends on wait_kind
  TaskId queue_next = kNoTask;
  TaskId queue_previous = kNoTask;
  bool queued = false;

  // -- draws and time
  ChoiceStream data;  // getrandom and the like
  std::uint64_t cpu_ns = 0;
  std::uint32_t clock_reads = 0;  // consecutive readings without another call
  std::uint64_t calls = 0;
  std::uint32_t unseen_calls = 0;  // consecutive calls that were no scheduling points
  // Consecutive sleeps with nothing in between but looks at the clock, and since when.
  std::uint32_t sleeps_in_row = 0;
  std::uint64_t sleeping_since_ns = 0;
};

}  // namespace detsim
