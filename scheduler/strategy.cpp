// The list of strategies: one row per file in strategies/. The first is the default. A run is
// identified by its strategy's name, so rows may be moved, but a name keeps its meaning.
#include "scheduler/strategy.hpp"

#include <type_traits>

#include "scheduler/strategies/strategies.hpp"

namespace detsim {
namespace {

constexpr const Strategy* kStrategies[] = {
    &strategy_random, &strategy_round_robin, &strategy_pct,
    &strategy_pos,    &strategy_surw,        &strategy_replay,
};

}  // namespace

StrategyList strategies() {
  return {kStrategies, kStrategies + std::extent_v<decltype(kStrategies)>};
}

}  // namespace detsim
