// Round-robin: at every scheduling point the next runnable task in the cyclic order of task ids
// goes. Draws nothing, so that all seeds give the same schedule: a baseline to compare with, and
// a way to vary data and faults without varying the schedule.
//
// Deviation: one turn in kTurnsPerSkip goes to a task that a hash of the number of turns names.
// Tasks that try, fail and back off from each other (std::lock) would do so in lockstep for ever,
// which no machine does; a regular exception would only be a longer lockstep.
#include "scheduler/scheduler.hpp"
#include "scheduler/strategies/strategies.hpp"

namespace detsim {
namespace {

// Prime, so that it falls on every task and every step of a cycle; rare, so that short programs
// see an exact rotation.
constexpr std::uint64_t kTurnsPerSkip = 509;

void begin(StrategyState& state) { state.last = kNoTask; }

void task_started(StrategyState&, Task&, const Task*) {}

/// How far after the task that ran last; ids wrap around, the last one itself comes last.
TaskId distance(TaskId last, TaskId id) { return id - last - 1; }

std::uint32_t next_in_order(const Scheduler& scheduler, TaskId last) {
  std::uint32_t nearest = 0;
  for (std::uint32_t i = 1; i < scheduler.runnable_count; ++i) {
    if (distance(last, scheduler.runnable[i]) < distance(last, scheduler.runnable[nearest])) {
      nearest = i;
    }
  }
  return nearest;
}

std::uint32_t pick(StrategyState& state, Scheduler& scheduler, const Task*) {
  const bool skips = ++state.step % kTurnsPerSkip == 0;
  const auto chosen = skips
                          ? static_cast<std::uint32_t>(mix64(state.step) % scheduler.runnable_count)
                          : next_in_order(scheduler, state.last);
  state.last = scheduler.runnable[chosen];
  return chosen;
}

}  // namespace

const Strategy strategy_round_robin = {
    .name = "round-robin",
    .parameter = nullptr,
    .summary = "the next runnable task in the order of their ids, the same for every seed",
    .parameter_default = 0,
    .parameter_max = 0,
    .begin = begin,
    .task_started = task_started,
    .pick = pick,
    .every_step = true,
};

}  // namespace detsim
