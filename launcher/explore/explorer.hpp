// Many seeds of one program, side by side: workers, one per core, each a process of its own (the
// world has one address), take seeds in order and tell what came of them.
#pragma once
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "launcher/explore/branching.hpp"
#include "launcher/explore/distinct.hpp"
#include "launcher/explore/failure.hpp"
#include "launcher/explore/fault_totals.hpp"
#include "launcher/explore/property_totals.hpp"
#include "launcher/explore/shard.hpp"
#include "launcher/run.hpp"

namespace detsim {

struct Results;  // results.hpp

struct ExploreOptions {
  RunOptions run;
  std::uint64_t first_seed = 0;
  std::uint64_t runs = ~0ull;          // at most, of all shards together
  Shard shard;                         // which of them are this exploration's
  std::uint64_t duration_ns = kNever;  // no run begins later
  unsigned jobs = 0;                   // 0: as many as there are cores
  bool until_failure = false;
  bool mixes = true;  // the strategy follows from the seed
  std::string directory = "detsim-failures";
  bool keeps_directory = true;  // also when nothing failed
  bool quiet = false;
  bool shares_files = false;               // its runs do, instead of having their own directories
  std::shared_ptr<const Results> earlier;  // what was done of it before (resume.hpp)
  bool fork_server = true;                 // runs start from one process, where they can
  bool rewinds = true;                     // and several are done by one copy of it
  std::uint64_t branch = 0;                // runs that go on from each place along that of a seed
};

/// The strategy of a seed when strategies are mixed.
void mix_strategy(RunOptions& run);

/// Failures with one signature.
struct Bucket {
  Failure failure;
  std::string test;         // of a program with several (per_test.hpp)
  std::uint64_t count = 0;  // of runs; 0: a property that held in none (judge_properties)
  std::uint64_t lowest_seed = ~0ull, lowest_length = 0;  // and the length its strategy was told
  Branch lowest_branch;
  std::uint64_t seed = ~0ull;  // of the kept example, or the lowest
  Branch branch;
  std::string strategy;
  std::string directory;  // of the kept example; empty: `problem` says why
  std::string problem;
};

/// What had been seen after so many runs.
struct CoveragePoint {
  std::uint64_t runs = 0, failed = 0, schedules = 0, outcomes = 0;
};

/// The runs with one strategy.
struct StrategyTotal {
  std::uint64_t runs = 0, failed = 0;
};

/// The runs of one test of a program with several.
struct TestTotal {
  std::string name;
  std::uint64_t runs = 0, failed = 0, wall_ns = 0;
};

struct Exploration {
  int refused = 0;  // nothing could be run, and this is what to exit with
  std::string problem;
  std::uint64_t runs = 0, failed = 0;
  std::uint64_t wall_ns = 0;
  DistinctCounter schedules, outcomes;
  std::map<std::string, Bucket> buckets;  // by signature
  std::map<std::string, StrategyTotal> strategies;
  FaultTotals faults;
  PropertyTotals properties;
  std::vector<TestTotal> tests;         // empty: it is one
  std::vector<CoveragePoint> coverage;  // by seed; empty: not known
  bool interrupted = false;
  std::string why_fresh;        // why runs were started anew each; empty: they were not
  std::string why_not_rewound;  // why copies did one run each in the end; empty: they need not
  BranchTotals branching;
  double runs_per_second() const {
    return wall_ns == 0 ? 0 : static_cast<double>(runs) * 1e9 / static_cast<double>(wall_ns);
  }
};

Exploration explore(const ExploreOptions& options);

/// What should hold sometimes and did in no run is a failure, too: a bucket without runs. A part of
/// an exploration cannot tell.
void judge_properties(const ExploreOptions& options, Exploration& done);

// -- what is said of it (summary.cpp); `program` is argv[0]
std::string console_text(const Exploration& done);
/// docs/exploration.schema.json has the schema (summary_json.cpp).
nlohmann::ordered_json json_of(const ExploreOptions& options, const Exploration& done,
                               const std::string& program);
std::string junit_text(const ExploreOptions& options, const Exploration& done,
                       const std::string& program);
std::string markdown_text(const Exploration& done, const std::string& program);

/// The runs that a failure could have been met in: all, or those of its test.
std::uint64_t runs_of(const Bucket& bucket, const Exploration& done);
/// The most frequent first.
std::vector<const Bucket*> most_frequent_first(const Exploration& done);
/// The command that repeats the kept example; empty: there is none.
std::string replay_of(const Bucket& bucket, const std::string& program);

}  // namespace detsim
