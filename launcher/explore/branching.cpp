#include "launcher/explore/branching.hpp"

#include <fmt/format.h>

namespace detsim {

std::vector<std::uint64_t> branch_decisions(std::uint64_t seed, std::uint64_t decisions) {
  std::vector<std::uint64_t> chosen = {0};
  auto draw = ChoiceStream::derive(seed, Stream::branch);
  constexpr auto parts = kBranchPlacesMax - 1;
  for (std::uint64_t i = 0; i < parts; ++i) {
    const auto begin = decisions * i / parts, end = decisions * (i + 1) / parts;
    if (begin == end) continue;
    const auto decision = begin + draw.below(end - begin);
    if (decision > chosen.back()) chosen.push_back(decision);
  }
  return chosen;
}

std::string name_of_run(std::uint64_t seed, const Branch& branch) {
  const auto name = fmt::format("seed {}", seed);
  if (branch.is_root()) return name;
  return fmt::format("{} from decision {}, branch {}", name, branch.decision, branch.child);
}

// A run has to be done to know how long it is. So it is done twice, the second time from its first
// decision on.
RootRun run_root(Runner& runner, const RunOptions& options, std::uint64_t children) {
  RootRun root;
  std::vector<std::uint64_t> places;
  runner.drop_places();
  root.run = runner.run_and_park(options, {0}, places);
  root.refused = runner.why_no_branches();
  const auto& result = root.run.result;
  const bool is_whole =
      result.refused == 0 && result.outside_signal == 0 && result.outcome != Outcome::wall_timeout;
  if (places.empty() || !is_whole) return root;
  const auto again =
      runner.run_and_park(options, branch_decisions(options.seed, result.decisions), places);
  root.refused = runner.why_no_branches();
  if (again.result.trace_hash != result.trace_hash) {
    root.refused = "the run of a seed was another one the second time; see `detsim check`";
    return root;
  }
  for (const auto decision : places) {
    for (std::uint64_t child = 1; child <= children; ++child) {
      root.branches.push_back({.decision = decision, .child = child});
    }
  }
  return root;
}

}  // namespace detsim
