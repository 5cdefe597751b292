// The random walk: every runnable task is equally likely at every scheduling point.
//
// Unbiased per decision, not per interleaving: an order that needs one task to stay behind for
// many steps becomes exponentially unlikely. See pct, pos and surw for what to do about it.
#include "scheduler/scheduler.hpp"
#include "scheduler/strategies/strategies.hpp"

namespace detsim {
namespace {

void begin(StrategyState&) {}

void task_started(StrategyState&, Task&, const Task*) {}

std::uint32_t pick(StrategyState& state, Scheduler& scheduler, const Task*) {
  return static_cast<std::uint32_t>(state.stream.below(scheduler.runnable_count));
}

}  // namespace

const Strategy strategy_random = {
    .name = "random",
    .parameter = nullptr,
    .summary = "uniform random walk: every runnable task is equally likely at every point",
    .parameter_default = 0,
    .parameter_max = 0,
    .begin = begin,
    .task_started = task_started,
    .pick = pick,
    .every_step = false,
};

}  // namespace detsim
