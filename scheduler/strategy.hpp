// A strategy is a small pure policy: which of the runnable tasks goes next. Mechanism (who is
// runnable, waiting, timed out) is the scheduler's; a strategy only chooses.
//
// One row plus one file: a file in strategies/ defines one Strategy, and kStrategies in
// strategy.cpp lists it. Strategies run inside the target: no allocation, no libc, no floating
// point, no state but StrategyState and each task's StrategyTask.
#pragma once
#include <cstdint>

#include "scheduler/choice.hpp"
#include "scheduler/task.hpp"

namespace detsim {

struct Scheduler;
struct ChoiceList;

constexpr unsigned kChangePointsMax = 64;

/// What strategies keep per run; plain data in the world.
struct StrategyState {
  std::uint32_t index = 0;      // which row of kStrategies
  std::uint64_t parameter = 0;  // the number after the colon, as in pct:3
  std::uint64_t length = 0;     // expected number of scheduling points (PCT's k), 0: the default
  ChoiceStream stream;
  std::uint64_t step = 0;  // decisions so far
  std::uint64_t change_points[kChangePointsMax] = {};
  std::uint64_t low_priority = 0;
  TaskId last = 0;                // round-robin, pct: the task chosen last
  std::uint32_t streak = 0;       // pct: its run in a row; surw: events since the draw
  std::uint64_t next_change = 0;  // pct: the first change point not passed; 0: none is left
  std::uint64_t salt = 0;         // surw: which objects are of interest in this run
  TaskId intended = 0;            // surw: whose event of interest comes next
  std::uint32_t urn = 0;          // surw: grows when a task starts
  ChoiceList* choices = nullptr;  // replay: what it follows; set by the caller
};

/// Tells the strategy, right after start(), how many events of interest the task will execute,
/// with those of the tasks it will start (as counted by an earlier run). The share of a child is
/// taken out of its parent's. A task never told about is estimated.
void expect_events(Task& task, Task* parent, std::uint64_t events);

struct Strategy {
  const char* name;       // as given to --strategy, without its parameter
  const char* parameter;  // what the number after the colon means; nullptr: takes none
  const char* summary;    // one sentence with the source
  std::uint64_t parameter_default;
  std::uint64_t parameter_max;

  /// Once per run, before the first task; the stream is set.
  void (*begin)(StrategyState&);
  /// A task became known. `parent` is nullptr for the first.
  void (*task_started)(StrategyState&, Task& task, const Task* parent);
  /// Chooses among scheduler.runnable (never empty); returns an index into it. `current` is the
  /// task that reached the point, nullptr when it ended; it is runnable or not.
  std::uint32_t (*pick)(StrategyState&, Scheduler& scheduler, const Task* current);

  /// pick() is also asked when only one task is runnable, so that it sees every step. It must
  /// not draw then: where there is no choice there is no draw.
  bool every_step;

  /// Which of several waiters wake-up number `number` takes; nullptr: it is drawn.
  std::uint64_t (*pick_wake)(StrategyState&, std::uint64_t number,
                             std::uint64_t candidates) = nullptr;
  /// Is given a list of choices, and cannot be asked for by name.
  bool follows_choices = false;

  /// Takes, as a second number, how many decisions the run is expected to have.
  bool takes_length = false;
};

/// All strategies; the first is the default.
struct StrategyList {
  const Strategy* const* begin_;
  const Strategy* const* end_;
  const Strategy* const* begin() const { return begin_; }
  const Strategy* const* end() const { return end_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(end_ - begin_); }
  const Strategy& operator[](std::uint32_t i) const { return *begin_[i]; }
};
StrategyList strategies();

}  // namespace detsim
