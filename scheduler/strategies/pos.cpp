// POS, partial order sampling (Yuan, Yang, Gu: "Partial Order Aware Concurrency Sampling", CAV
// 2018).
//
// Every pending event - what a runnable task does next, Task::next - has a random priority, and
// the highest runs. The priorities of the events that race with the one that runs are drawn
// again, so that the order of one pair says nothing about the order of the next. Where tasks
// touch different objects most of the time, orders that differ only in unrelated events share
// one draw, and each order that matters becomes far more likely than under a random walk.
//
// Deviations:
//   - events race when they name the same known object and are not both reads; an event without
//     an object races with nothing;
//   - a task that found its event blocked and is woken later gets a new priority: the retry is a
//     new event here, where in the paper the event was disabled until then;
//   - a pending yield is below all other events: of many polling tasks one would nearly always
//     draw more than the task that they poll for;
//   - priorities are integers and drawn only when there is a choice, which changes nothing.
#include "scheduler/scheduler.hpp"
#include "scheduler/strategies/strategies.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kNotDrawn = 0;
constexpr std::uint64_t kPriorities = 1ull << 62;

bool race(const Operation& a, const Operation& b) {
  return a.object != 0 && a.object == b.object &&
         !(a.kind == OperationKind::read && b.kind == OperationKind::read);
}

/// Yields below, everything else above.
std::uint64_t draw(StrategyState& state, const Operation& operation) {
  const auto low = 1 + state.stream.below(kPriorities);
  return operation.kind == OperationKind::yield ? low : low + kPriorities;
}

void begin(StrategyState&) {}

void task_started(StrategyState&, Task& task, const Task*) { task.strategy.priority = kNotDrawn; }

std::uint32_t highest(StrategyState& state, Scheduler& scheduler) {
  std::uint32_t best = 0;
  std::uint64_t best_priority = kNotDrawn;
  for (std::uint32_t i = 0; i < scheduler.runnable_count; ++i) {
    Task& task = scheduler.tasks[scheduler.runnable[i]];
    auto& priority = task.strategy.priority;
    if (priority == kNotDrawn) priority = draw(state, task.next);
    if (priority > best_priority) {
      best = i;
      best_priority = priority;
    }
  }
  return best;
}

std::uint32_t pick(StrategyState& state, Scheduler& scheduler, const Task*) {
  const auto chosen = scheduler.runnable_count == 1 ? 0 : highest(state, scheduler);
  const Task& running = scheduler.tasks[scheduler.runnable[chosen]];
  for (std::uint32_t i = 0; i < scheduler.runnable_count; ++i) {
    Task& task = scheduler.tasks[scheduler.runnable[i]];
    if (i == chosen || race(task.next, running.next)) task.strategy.priority = kNotDrawn;
  }
  return chosen;
}

}  // namespace

const Strategy strategy_pos = {
    .name = "pos",
    .parameter = nullptr,
    .summary = "random priorities per event, drawn again after a race (Yuan et al., CAV 2018)",
    .parameter_default = 0,
    .parameter_max = 0,
    .begin = begin,
    .task_started = task_started,
    .pick = pick,
    .every_step = true,
};

}  // namespace detsim
