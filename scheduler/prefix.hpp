// The prefix of a run: what it does before its seed comes in. Until then the strategy is the
// policy "go on with the current task", and what is drawn is drawn from one seed for all runs; so
// the prefixes of two runs of a program are the same, and a run can start from where another one's
// prefix ended (docs/fork-server.md).
//
// Lies in the world. Zeroed memory is a run that has not begun.
#pragma once
#include "scheduler/strategy.hpp"
#include "scheduler/world.hpp"

namespace detsim {

/// What the streams of a prefix are derived from, in place of the run's seed.
constexpr std::uint64_t kPrefixSeed = 0x646574736d;

struct Prefix {
  bool has_begun = false;
  bool is_over = false;
  StrategyState strategy;  // as the launcher set it: the run's own, from the end of the prefix on
};

constexpr std::uint64_t kWorldPrefix = kWorldAddress + (2ull << 30);
inline Prefix& prefix() { return *reinterpret_cast<Prefix*>(kWorldPrefix); }

/// That of the run, whether or not its seed has come in.
inline const StrategyState& own_strategy(const Scheduler& scheduler) {
  return prefix().has_begun && !prefix().is_over ? prefix().strategy : scheduler.strategy;
}

/// What a new task's streams are derived from.
inline std::uint64_t current_seed() { return prefix().is_over ? world().config.seed : kPrefixSeed; }

/// From here on choices are drawn from `seed`, by the strategy as it is set now; what was drawn
/// before has no effect on them. The strategy learns of the tasks as if they started now.
void begin_choices(Scheduler& scheduler, std::uint64_t seed);

}  // namespace detsim
