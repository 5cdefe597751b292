// PCT, probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A
// Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).
//
// Every task has a random priority and the highest one runs. At d-1 steps, drawn beforehand from
// the k steps that the run is expected to take, the task about to run falls below all others.
// A bug that needs d ordering constraints among n tasks shows with probability at least
// 1/(n k^(d-1)) in every run.
//
// Deviations:
//   - only steps with a choice count, as the paper's own optimisation for sequential phases; k
//     gets smaller and the bound better;
//   - k is StrategyState::length: the second number, which `explore` measures in its first run.
//     When it is not given, each run draws it among the powers of
//     two from 2^6 to 2^20: for any true k in that range one run in fifteen has a fitting one;
//   - priorities are 63-bit draws instead of a permutation, since the number of tasks is unknown;
//   - a task that yields, or runs kStreakMax steps in a row while others could, falls to the
//     bottom. Strict priorities would let a polling loop starve what it polls for. The bound
//     holds for bugs that need no longer streak.
#include "scheduler/scheduler.hpp"
#include "scheduler/strategies/strategies.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t kStreakMax = 10'000;
constexpr unsigned kLengthBitsMin = 6;
constexpr unsigned kLengthBitsMax = 20;

// Three layers of priorities: as drawn, after a change point, and demoted for politeness.
constexpr std::uint64_t kInitialLowest = 1ull << 63;
constexpr std::uint64_t kChangedLowest = 1ull << 62;
constexpr std::uint64_t kDemotedHighest = kChangedLowest - 1;

std::uint32_t change_point_count(const StrategyState& state) {
  return static_cast<std::uint32_t>(state.parameter) - 1;
}

void find_next_change(StrategyState& state) {
  state.next_change = 0;
  for (std::uint32_t i = 0; i < change_point_count(state); ++i) {
    const auto point = state.change_points[i];
    if (point > state.step && (state.next_change == 0 || point < state.next_change)) {
      state.next_change = point;
    }
  }
}

void begin(StrategyState& state) {
  state.last = kNoTask;
  state.low_priority = kDemotedHighest;
  if (change_point_count(state) == 0) return;
  if (state.length == 0) {
    state.length =
        1ull << (kLengthBitsMin + state.stream.below(kLengthBitsMax - kLengthBitsMin + 1));
  }
  for (std::uint32_t i = 0; i < change_point_count(state); ++i) {
    state.change_points[i] = 1 + state.stream.below(state.length);
  }
  find_next_change(state);
}

void task_started(StrategyState& state, Task& task, const Task*) {
  task.strategy.priority = kInitialLowest + state.stream.below(kInitialLowest);
}

void demote(StrategyState& state, Task& task) { task.strategy.priority = state.low_priority--; }

std::uint32_t highest(const Scheduler& scheduler) {
  std::uint32_t best = 0;
  std::uint64_t best_priority = scheduler.tasks[scheduler.runnable[0]].strategy.priority;
  for (std::uint32_t i = 1; i < scheduler.runnable_count; ++i) {
    const auto priority = scheduler.tasks[scheduler.runnable[i]].strategy.priority;
    if (priority > best_priority) {
      best = i;
      best_priority = priority;
    }
  }
  return best;
}

std::uint32_t pick(StrategyState& state, Scheduler& scheduler, const Task* current) {
  const bool runs_on = current != nullptr && current->state == TaskState::runnable;
  if (runs_on && current->next.kind == OperationKind::yield) {
    demote(state, scheduler.tasks[current->id]);
  }
  ++state.step;
  auto chosen = highest(scheduler);
  if (state.step == state.next_change) {
    for (std::uint32_t i = 0; i < change_point_count(state); ++i) {
      if (state.change_points[i] != state.step) continue;
      scheduler.tasks[scheduler.runnable[chosen]].strategy.priority = kChangedLowest + i;
      chosen = highest(scheduler);
    }
    find_next_change(state);
  }
  state.streak = scheduler.runnable[chosen] == state.last ? state.streak + 1 : 0;
  if (state.streak == kStreakMax) {
    demote(state, scheduler.tasks[state.last]);
    chosen = highest(scheduler);
    state.streak = 0;
  }
  state.last = scheduler.runnable[chosen];
  return chosen;
}

}  // namespace

const Strategy strategy_pct = {
    .name = "pct",
    .parameter = "the number of ordering constraints a bug needs (its depth)",
    .summary = "random priorities with DEPTH-1 change points (Burckhardt et al., ASPLOS 2010)",
    .parameter_default = 3,
    .parameter_max = kChangePointsMax,
    .begin = begin,
    .task_started = task_started,
    .pick = pick,
    .every_step = false,
    .takes_length = true,
};

}  // namespace detsim
