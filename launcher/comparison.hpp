// Runs that are to be the same: each under conditions of its own, and where two of them part.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "launcher/conditions.hpp"
#include "launcher/input.hpp"
#include "launcher/output.hpp"
#include "launcher/run.hpp"
#include "launcher/scratch.hpp"
#include "trace/reader.hpp"

namespace detsim {

struct ComparedRun {
  unsigned number = 0;  // from 0; the first is what the others are compared with
  Conditions conditions;
  RunResult result;
  std::optional<OutputDifference> output;
  std::string trace_path;
  std::uint64_t wall_ns = 0;
};

/// A run that was done once more up to an event.
struct Revisit {
  bool is_same = false;  // it came to this event as the run did
  std::string stacks;    // of the task that acted, in lines
};

class Comparison {
 public:
  /// `options` is every run's; what check varies is overwritten.
  explicit Comparison(const RunOptions& options);

  /// Not empty: nothing can be run.
  const std::string& problem() const { return problem_; }

  /// The next run. Its `result.refused` or `ended_by_signal` may say that there was none.
  ComparedRun run();
  /// Whether all events, the ending and the status are the first run's.
  bool is_same(const ComparedRun& run) const;
  /// The limit of real time of all runs but the first, when the user gave none.
  std::uint64_t own_limit_ns() const;
  const ComparedRun& first() const { return first_; }

  /// The run again, under the same conditions, ended at this event of it.
  Revisit revisit(const ComparedRun& run, std::uint64_t event);

  /// What was not compared for want of space, in lines.
  std::string losses() const;

 private:
  RunResult run_under(const Conditions& conditions, RunOptions options);

  RunOptions options_;
  std::string problem_;
  Scratch scratch_;
  RepeatedInput input_;
  Outputs outputs_;
  ComparedRun first_;
  unsigned runs_ = 0;
};

}  // namespace detsim
