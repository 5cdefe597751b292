// A fault plan as its writer gives it: a preset, rules, phases, what to do with disks. Made from a
// file (plan_file.hpp) and from options, and turned into the run's plan (compile.hpp).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "faultplan/plan.hpp"

namespace detsim {

struct PlanRule {
  FaultRule rule;
  bool has_probability = false;
  bool has_turns = false;  // says by count when it strikes: certain, unless it says how probable
};

struct Plan {
  std::string preset;        // empty: none
  std::string verify_fault;  // preset verify: which fault
  double multiplier = 1;     // of all probabilities below 1
  std::vector<PlanRule> rules;
  std::uint64_t quiet_ns = 0;
  std::uint64_t liveness_after_ns = kNoEnd;
  std::vector<std::string> disk_paths;
  std::string disk_profile;
  bool disk_in_place = false;
};

/// The names of presets, with what each stands for.
struct Preset {
  const char* name;
  double factor;  // of the catalogue's probabilities; 0: other
  const char* words;
};
const std::vector<Preset>& presets();

/// The fault with this id or alias, or a site of the program ("app.Name", then `site` is set).
/// FaultId::count, with a problem in words, when there is none.
FaultId find_fault(const std::string& text, std::string& site, std::string& problem);

/// Builds one rule from keys and values. A nested key is "at.path". Each function returns what is
/// wrong, in words; "" when nothing is.
class RuleBuilder {
 public:
  std::string set_fault(const std::string& id);
  std::string set(const std::string& key, const std::string& value);
  /// After the last key: what is wrong with the rule as a whole.
  std::string finish();
  const PlanRule& result() const { return result_; }

 private:
  std::string set_probability(const std::string& value);
  std::string set_when(const std::string& value);
  std::string set_sequence(const std::string& value);
  std::string set_path(const std::string& value);
  std::string set_kind(const std::string& value);
  std::string set_op(const std::string& value);
  std::string set_call(const std::string& value);
  std::string set_error(const std::string& value);
  std::string set_at(const std::string& key, const std::string& value);
  std::string set_parameter(const std::string& key, const std::string& value);
  std::string set_pattern(char (&to)[kPatternBytes], const std::string& value);

  PlanRule result_;
};

/// The keys that a rule of this fault takes.
std::vector<std::string> keys_of_rule(FaultId fault);

/// "disk.write_fail=0.3,path=**/*.log": one rule, as an option has it. Appends it to the plan.
/// Returns what is wrong; "" when nothing is.
std::string add_rule_text(Plan& plan, const std::string& text);

/// Names a preset ("calm", "verify:disk.full") in the plan. Returns what is wrong.
std::string set_preset(Plan& plan, const std::string& text);

}  // namespace detsim
