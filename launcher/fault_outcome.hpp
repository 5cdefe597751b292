// What a run's fault plan did: rules with their counts, and every strike; and how it is told.
#pragma once
#include <cstdint>
#include <cstdio>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "faultplan/plan.hpp"
#include "faultplan/properties.hpp"

namespace detsim {

struct FaultOutcome {
  std::vector<FaultRule> rules;
  std::vector<Strike> strikes;       // the first kStrikesMax
  std::uint64_t struck = 0;          // all of them
  std::vector<Property> properties;  // that the program states
};

/// `state`: at the beginning of its region of the world, with all that lies behind it.
FaultOutcome gather_faults(const FaultState& state);
FaultOutcome gather_rules(const FaultState& state);

/// A rule as its writer would name it: "disk.write_fail path=**/*.log".
std::string name_of(const FaultRule& rule);
/// Rules that the plan names and that never had an opportunity.
std::vector<std::string> idle_rules(const FaultOutcome& outcome);

/// Rules that struck, a line each: strikes, opportunities, probability as configured, as it was per
/// operation, and that a run with as many opportunities is struck at all. Then the last strikes, if
/// `with_strikes`. Nothing when nothing struck.
void print_faults(const FaultOutcome& outcome, bool with_strikes, std::FILE* out);

/// One line.
std::string words_of(const Strike& strike);

nlohmann::ordered_json json_of(const FaultOutcome& outcome);
/// One line of JSON for each strike.
std::string log_of(const FaultOutcome& outcome);

}  // namespace detsim
