// What the rules of a fault plan did over many runs: how often they could have struck, how often
// they did, and how often a run that they struck failed.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "launcher/fault_outcome.hpp"

namespace detsim {

/// One rule in one run.
struct RuleCount {
  std::string name;  // name_of(rule); with its number, where a fault has several rules
  bool from_preset = false;
  std::uint32_t per_billion = 0;
  std::uint64_t opportunities = 0, strikes = 0;
};

/// Those that had an opportunity, or all of them.
std::vector<RuleCount> counts_of(const FaultOutcome& outcome, bool with_idle);

/// Rules as one text, for the way from a worker; a line each.
std::string to_text(const std::vector<RuleCount>& rules);
std::vector<RuleCount> parse_rules(const std::string& text);

/// One rule over many runs.
struct RuleTotal {
  std::string name;
  bool from_preset = false;
  std::uint64_t opportunities = 0, strikes = 0;
  std::uint64_t runs = 0;             // in which it could have struck
  std::uint64_t per_billion_sum = 0;  // over those; rates differ from run to run in a swarm
  std::uint32_t per_billion = 0;      // where it could not, the last that was told
  std::uint64_t runs_struck = 0, struck_failed = 0;

  double configured() const;     // mean over runs
  double per_operation() const;  // as it was
  double per_run() const;        // share of runs with an opportunity that were struck
  double failed_if_struck() const;
};

class FaultTotals {
 public:
  void add(const std::vector<RuleCount>& rules, bool failed);
  /// Those of other runs.
  void merge(const FaultTotals& other);
  bool empty() const { return rules_.empty(); }
  /// Most strikes first.
  std::vector<RuleTotal> sorted() const;

 private:
  std::vector<RuleTotal> rules_;
};

nlohmann::ordered_json json_of(const FaultTotals& totals);
/// A line per rule that struck, and a warning for rules that never had an opportunity.
std::string console_text(const FaultTotals& totals);
std::string markdown_text(const FaultTotals& totals);

}  // namespace detsim
