#include "launcher/explore/explorer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "launcher/explore/progress.hpp"
#include "launcher/explore/under_way.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

constexpr int kLookEvery_ms = 200;

void attend(UnderWay& exploring, bool is_quiet) {
  const StopSignals signals;
  Progress progress(is_quiet);
  while (exploring.has_workers()) {
    std::vector<pollfd> ends;
    exploring.add_ends(ends);
    poll(ends.data(), ends.size(), kLookEvery_ms);
    exploring.attend();
    if (signals.arrived()) exploring.interrupt();
    progress.show([&] { return exploring.progress(); });
  }
  progress.show([&] { return exploring.progress(); }, true);
}

}  // namespace

void mix_strategy(RunOptions& run) {
  static const std::vector<StrategyChoice> kMix = [] {
    std::vector<StrategyChoice> mix;
    for (const auto* name : {"random", "pct:2", "pct:3", "pos", "surw"}) {
      mix.push_back(parse_strategy(name).value);
    }
    return mix;
  }();
  const auto& choice = kMix[mix64(run.seed) % kMix.size()];
  run.strategy = choice.index;
  run.strategy_parameter = choice.parameter;
}

Exploration explore(const ExploreOptions& options) {
  UnderWay exploring(options);
  if (!exploring.begin()) return exploring.end();
  const auto workers = std::min<std::uint64_t>(jobs_of(options), options.runs);
  for (unsigned slot = 0; slot < workers; ++slot) {
    if (!exploring.add_worker(slot)) break;
  }
  if (!exploring.has_workers()) {
    Exploration none;
    none.refused = kExitFailed;
    none.problem = fmt::format("cannot start a worker: {}", std::strerror(errno));
    return none;
  }
  attend(exploring, options.quiet);
  return exploring.end();
}

}  // namespace detsim
