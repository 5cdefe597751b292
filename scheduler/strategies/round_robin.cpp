// Round-robin: at every scheduling point the next runnable task in the cyclic order of task ids
// goes. Draws nothing, so that all seeds give the same schedule: a baseline to compare with, and
// a way to vary data and faults without varying the schedule.
#include "scheduler/scheduler.hpp"
#include "scheduler/strategies/strategies.hpp"

namespace detsim {
namespace {

void begin(StrategyState& state) { state.last = kNoTask; }

void task_started(StrategyState&, Task&, const Task*) {}

/// How far after the task that ran last; ids wrap around, the last one itself comes last.
TaskId distance(TaskId last, TaskId id) { return id - last - 1; }

std::uint32_t pick(StrategyState& state, Scheduler& scheduler, const Task*) {
  std::uint32_t nearest = 0;
  for (std::uint32_t i = 1; i < scheduler.runnable_count; ++i) {
    if (distance(state.last, scheduler.runnable[i]) <
        distance(state.last, scheduler.runnable[nearest])) {
      nearest = i;
    }
  }
  state.last = scheduler.runnable[nearest];
  return nearest;
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
