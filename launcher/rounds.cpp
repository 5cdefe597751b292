#include "launcher/rounds.hpp"

#include <sys/mman.h>

#include <cstddef>
#include <cstring>

#include "faultplan/plan.hpp"
#include "scheduler/invariant.hpp"
#include "scheduler/prefix.hpp"
#include "scheduler/rounds.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kStartTakes_ns = 1'000'000'000;  // until a machine is up again

// Zeroes, and gives the memory back.
void wipe(std::uint64_t begin, std::uint64_t end) {
  const auto first = (begin + kPageBytes - 1) / kPageBytes * kPageBytes;
  const auto last = end / kPageBytes * kPageBytes;
  DETSIM_INVARIANT(first < last);
  std::memset(reinterpret_cast<void*>(begin), 0, first - begin);
  std::memset(reinterpret_cast<void*>(last), 0, end - last);
  DETSIM_INVARIANT(madvise(reinterpret_cast<void*>(first), last - first, MADV_REMOVE) == 0);
}

// What outlasts a machine's going down, of what lies in the part that is wiped.
struct Lasting {
  explicit Lasting(const World& w)
      : version(w.version),
        config(w.config),
        entered(w.entered),
        now_ns(w.scheduler.now_ns),
        decisions(w.scheduler.decisions),
        wake_draws(w.scheduler.wake_draws),
        roots_started(w.scheduler.roots_started),
        strategy(own_strategy(w.scheduler).index),
        parameter(own_strategy(w.scheduler).parameter),
        length(own_strategy(w.scheduler).length),
        choices(own_strategy(w.scheduler).choices) {}

  void give_back(World& w) const {
    w.config = config;
    w.entered = entered;
    w.scheduler.now_ns = w.scheduler.now_seen_ns = now_ns;
    w.scheduler.decisions = decisions;
    w.scheduler.wake_draws = wake_draws;
    w.scheduler.roots_started = roots_started;
    w.scheduler.strategy.index = strategy;
    w.scheduler.strategy.parameter = parameter;
    w.scheduler.strategy.length = length;
    w.scheduler.strategy.choices = choices;
    w.version = version;
  }

  std::uint64_t version;
  Config config;
  std::uint64_t entered, now_ns, decisions, wake_draws;
  std::uint32_t roots_started;
  std::uint32_t strategy;
  std::uint64_t parameter, length;
  ChoiceList* choices;
};

void end_faults(FaultState& faults, std::uint64_t now_ns) {
  if (faults.live_from_ns > now_ns) faults.live_from_ns = now_ns;
}

void end_cuts(FaultState& faults) {
  for (std::uint32_t i = 0; i < faults.rules_used; ++i) {
    auto& rule = faults.rules[i];
    if (rule.fault == FaultId::proc_power_loss) rule.max = rule.strikes;
  }
}

}  // namespace

Next next_round(const RunOptions& options, const RunResult& result) {
  const bool stopped_outside = result.ended_by_signal != 0 || result.outside_signal != 0;
  if (round_of_run().is_recovery || stopped_outside) return Next::nothing;
  const auto last = options.then.empty() ? Next::nothing : Next::recovery;
  if (result.outcome == Outcome::finished) return last;
  if (result.outcome != Outcome::power_lost) return Next::nothing;
  return options.crashes == 0 ? last : Next::command;
}

void start_again(World& w, Next next, const RunOptions& options, const RunResult& result) {
  Lasting lasting(w);
  auto& round = round_of_run();
  ++round.number;
  if (result.outcome != Outcome::power_lost) round.lost_used = 0;
  round.is_recovery = next == Next::recovery;
  lasting.now_ns += kStartTakes_ns;
  // Another round, other draws, and the same ones whenever the run is repeated.
  lasting.config.seed = mix64(options.seed + round.number * 0x9e3779b97f4a7c15u);
  wipe(kWorldAddress, kWorldAddress + offsetof(World, trace));
  wipe(kWorldDescriptors, kWorldInodes);
  lasting.give_back(w);
  auto& faults = *reinterpret_cast<FaultState*>(kWorldFaults);
  if (round.is_recovery) end_faults(faults, lasting.now_ns);
  if (options.crashes != 0 && round.cuts >= options.crashes) end_cuts(faults);
}

}  // namespace detsim
