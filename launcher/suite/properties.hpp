// Whether what has to hold of a run, and of all runs of a test, does.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "launcher/explore/one_run.hpp"
#include "launcher/suite/suite.hpp"

namespace detsim::suite {

/// A property that does not hold.
struct Broken {
  std::string property;  // short: "exit", "stdout", "oracle"
  std::string words;
};
using BrokenList = std::vector<Broken>;

/// Of the run itself: what always fails, its exit status, its output.
void check_run(const Test& test, const KeptRun& run, BrokenList& broken);
/// `directory`: where the run was.
void check_files(const Suite& suite, const Test& test, const std::string& directory,
                 BrokenList& broken);
void check_checker(const Suite& suite, const Test& test, const KeptRun& run, std::uint64_t seed,
                   BrokenList& broken);
/// `other` is what the oracle did, in `other_directory`.
void check_oracle(const Oracle& oracle, const KeptRun& run, const std::string& directory,
                  const KeptRun& other, const std::string& other_directory, BrokenList& broken);

/// What all runs of a test come to.
class Totals {
 public:
  /// Counts a run; what must hold in each is checked.
  void take(const Test& test, const KeptRun& run, const std::string& plan, BrokenList& broken);
  /// What never happened, and should have.
  void finish(const Test& test, BrokenList& broken) const;

 private:
  struct Event {
    PropertyKind kind = PropertyKind::none;
    std::uint64_t reached = 0, held = 0;
  };
  std::map<std::string, Event> events_;
  std::map<std::string, std::set<std::string>> idle_;  // rules that had no chance yet, by plan
};

}  // namespace detsim::suite
