// What run_target() and the fork server share: everything that must be settled before a target can
// be started, and what is read from the world afterwards.
#pragma once
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "launcher/machine_disk.hpp"
#include "launcher/run.hpp"
#include "launcher/target.hpp"

namespace detsim {

struct Launch {
  int refused = 0;  // not zero: nothing can be started, and `problem` says why
  std::string problem{};
  Target target{}, last{};  // the command, and that of --then
  std::string library{};
  std::vector<std::string> environment{};
  std::uint32_t core = 0;
  std::shared_ptr<PrivateView> view{};  // that it works in; nullptr: it sees what everybody sees
  std::unique_ptr<MachineDisk> disk{};  // nullptr: it forgets nothing
};
Launch prepare(const RunOptions& options);

/// What the world is created with.
Config config_of(const RunOptions& options, const Launch& launch);

/// Into the world.
void set_limits(const RunOptions& options);

/// Writes strategy, choices, limits and fault plan into the world. `strategy`: the run's own, where
/// it will be looked for. Returns the problem; empty: none.
std::string decide_run(const RunOptions& options, const Launch& launch, StrategyState& strategy);

/// Takes what came of a run that has ended out of the world.
void gather_result(const RunOptions& options, RunResult& result);

/// Where detsim's own words about the run go.
std::FILE* words_of(const RunOptions& options);

}  // namespace detsim
