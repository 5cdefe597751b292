// Exploring from the middle: copies of a program park along the run of a seed, and from each place
// some runs go on that draw differently from there (docs/branching.md).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "launcher/explore/one_run.hpp"

namespace detsim {

/// Places along one run, at most.
constexpr std::uint64_t kBranchPlacesMax = 8;
constexpr std::uint64_t kBranchChildrenDefault = 4, kBranchChildrenMax = 1000;

/// What came of `--branch`, beside the runs themselves.
struct BranchTotals {
  std::uint64_t children_per_place = 0;  // 0: it was not asked for
  std::uint64_t roots = 0, places = 0, children = 0;
  std::uint64_t events = 0, executed_events = 0;  // of all runs; done, and not taken from a copy
  std::string refused;                            // why some seed had fewer places; empty: none had
};

/// Where a run of so many decisions is left: at its first decision, and at one drawn from each of
/// the equal parts of the rest. Ascending, each once.
std::vector<std::uint64_t> branch_decisions(std::uint64_t seed, std::uint64_t decisions);

/// "seed 7", "seed 7 from decision 120, branch 2".
std::string name_of_run(std::uint64_t seed, const Branch& branch);

struct RootRun {
  KeptRun run;
  std::vector<Branch> branches;  // from places where a copy stands
  std::string refused;           // why there are not more of them; empty: there are all
};

/// The run of a seed, and places along it with so many ways on from each. They are there until the
/// next one begins.
RootRun run_root(Runner& runner, const RunOptions& options, std::uint64_t children);

}  // namespace detsim
