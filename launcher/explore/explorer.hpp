// Many seeds of one program, side by side: workers, one per core, each a process of its own (the
// world has one address), take seeds in order and tell what came of them.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "launcher/explore/distinct.hpp"
#include "launcher/explore/failure.hpp"
#include "launcher/run.hpp"

namespace detsim {

struct ExploreOptions {
  RunOptions run;
  std::uint64_t first_seed = 0;
  std::uint64_t runs = ~0ull;          // at most
  std::uint64_t duration_ns = kNever;  // no run begins later
  unsigned jobs = 0;                   // 0: as many as there are cores
  bool until_failure = false;
  bool mixes = true;  // the strategy follows from the seed
  std::string directory = "detsim-failures";
  bool quiet = false;
};

/// The strategy of a seed when strategies are mixed.
void mix_strategy(RunOptions& run);

/// Failures with one signature.
struct Bucket {
  Failure failure;
  std::uint64_t count = 0;
  std::uint64_t seed = 0;  // of the kept example, or of the first
  std::string strategy;
  std::string directory;  // of the kept example; empty: `problem` says why
  std::string problem;
};

struct Exploration {
  int refused = 0;  // nothing could be run, and this is what to exit with
  std::string problem;
  std::uint64_t runs = 0, failed = 0;
  std::uint64_t wall_ns = 0;
  DistinctCounter schedules, outcomes;
  std::map<std::string, Bucket> buckets;  // by signature
  bool interrupted = false;
  double runs_per_second() const {
    return wall_ns == 0 ? 0 : static_cast<double>(runs) * 1e9 / static_cast<double>(wall_ns);
  }
};

Exploration explore(const ExploreOptions& options);

// -- what is said of it (summary.cpp); `program` is argv[0]
std::string console_text(const Exploration& done);
std::string json_text(const ExploreOptions& options, const Exploration& done,
                      const std::string& program);
std::string junit_text(const ExploreOptions& options, const Exploration& done,
                       const std::string& program);
std::string markdown_text(const Exploration& done, const std::string& program);

}  // namespace detsim
