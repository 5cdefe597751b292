// The directory that an exploration leaves, from which all that is reported of it can be made
// again: on the spot, after an interruption, or together with the directories of other shards.
//
//   exploration.json   what is explored: command, seeds, shard, what decides each run
//   runs.jsonl         a line of JSON per run, in the order in which they ended; a line with `kept`
//                      for each example that was kept, one with `end` when the exploration ended
//   KIND-SUM/          an example of each failure (failure_directory.hpp)
//
// A line is written at once or not at all; one that is cut off or damaged is passed over.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "launcher/explore/explorer.hpp"

namespace detsim {

/// What is known of one run.
struct RunRecord {
  std::uint64_t seed = 0;
  Branch branch;
  std::uint64_t schedule = 0, outcome = 0;  // hashes
  std::uint64_t events = 0, virtual_ns = 0, wall_ns = 0;
  std::uint64_t at_ns = 0;  // when it ended, since the exploration began
  int exit_code = 0;
  bool failed = false;
  std::uint64_t strategy_length = 0;
  std::string strategy;          // not in its line: it follows from the seed
  Failure failure;               // if it failed
  std::vector<RuleCount> rules;  // of its fault plan
  std::vector<PropertyCount> properties;
};

/// The example of a failure.
struct KeptExample {
  Failure failure;
  std::uint64_t seed = 0;
  Branch branch;
  std::string strategy;
  std::string directory;  // empty: it could not be kept, and
  std::string problem;    // this is why
};

std::string to_line(const RunRecord& record);
/// False: the line is no record.
bool parse_line(const std::string& line, RunRecord& record);

/// How the run of a seed, or a branch of it, is started.
RunOptions run_of(const ExploreOptions& options, std::uint64_t seed, std::uint64_t strategy_length,
                  const Branch& branch = {});

/// These count a run, and an example. The result does not depend on the order.
void count(Exploration& done, const RunRecord& record);
void count(Exploration& done, const KeptExample& example);

class ResultWriter {
 public:
  /// Makes the directory, or goes on with what is there. nullptr: `problem` says why not.
  static std::unique_ptr<ResultWriter> create(const ExploreOptions& options, bool goes_on,
                                              std::string& problem);
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  void add(const RunRecord& record);
  void add(const KeptExample& example);
  /// Writes what was added. Not empty: what is wrong, said once.
  std::string flush();
  /// `why`: done, failure, interrupted.
  std::string end(const std::string& why, std::uint64_t wall_ns);

 private:
  ResultWriter() = default;
  int fd_ = -1;
  bool wrote_ = true;
  std::string directory_, pending_;
};

/// Takes the two files away, and the directory if nothing else is in it.
void discard_results(const std::string& directory);

/// One run, as the charts and lists of a page need it.
struct RunRow {
  std::uint64_t seed = 0;
  Branch branch;
  std::uint64_t schedule = 0, outcome = 0;
  std::uint64_t events = 0, virtual_ns = 0, wall_ns = 0, strikes = 0;
  std::int32_t exit_code = 0;
  std::int32_t signature = -1;  // index into Results::signatures; -1: passed
  std::int32_t test = -1;       // index into Results::tests; -1: the program is not one of tests
};

/// One test of a program with several.
struct TestResults {
  std::vector<std::string> arguments;  // behind the command
  std::uint64_t strategy_length = 0;
};

struct Results {
  std::string problem;  // not empty: nothing could be read
  ExploreOptions options;
  Exploration done;
  std::vector<RunRow> rows;                // by seed
  std::vector<std::string> signatures;     // that rows refer to
  std::uint64_t strategy_length = 0;       // what strategies were told that are
  std::vector<TestResults> tests;          // in the order of Exploration::tests
  std::uint64_t parts = 0;                 // directories that were read
  std::uint64_t twice = 0, differing = 0;  // runs done more than once; with another result
  std::uint64_t missing = 0;               // of the seeds that were asked for
  std::uint64_t damaged = 0;               // lines
  std::vector<std::string> notes;          // of this in words, for people
};

/// Reads one directory, or several that are parts of one exploration: its shards, whole or not, in
/// any order and number, or a directory that holds them.
Results read_results(const std::vector<std::string>& directories);

/// What is explored, for exploration.json.
std::string options_text(const ExploreOptions& options);
/// Back again. Empty: done; else what is wrong.
std::string parse_options(const std::string& text, ExploreOptions& options);

/// How far an exploration had come after so many runs, by seed: some hundred points.
void measure_coverage(const Results& results, std::vector<CoveragePoint>& coverage);

}  // namespace detsim
