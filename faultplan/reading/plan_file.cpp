#include "faultplan/reading/plan_file.hpp"

#include <fmt/format.h>

#include "faultplan/disk/profiles.hpp"
#include "faultplan/reading/said_keys.hpp"
#include "faultplan/reading/yaml.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

using yaml::check, yaml::duration_of, yaml::flag_of, yaml::read_map, yaml::refuse, yaml::text_of;

// Keys of a rule; `front` is "at." within `at`.
void read_rule_keys(const YAML::Node& map, const std::string& front, RuleBuilder& builder,
                    SaidKeys& said) {
  for (const auto& entry : map) {
    const auto key = front + text_of(entry.first, "a rule");
    check(entry.first, said.add(key));
    if (key == "fault") continue;
    const bool is_nested = key == "at" || key == "window" || key == "process";
    if (is_nested && entry.second.IsMap()) {
      read_rule_keys(entry.second, key + ".", builder, said);
      continue;
    }
    const bool is_map = key == "at" || key == "window";
    if (is_map || !entry.second.IsScalar()) {
      refuse(entry.second, fmt::format("'{}' takes {}", key, is_map ? "a map" : "one value"));
    }
    // A key that is not known is complained about where it stands, a value where that stands.
    const auto problem = builder.set(key, entry.second.Scalar());
    check(problem.find(" has no key '") != problem.npos ? entry.first : entry.second, problem);
  }
}

PlanRule rule_of(const YAML::Node& node) {
  if (!node.IsMap()) refuse(node, "a rule is a map of keys and values");
  const auto fault = node["fault"];
  if (!fault) refuse(node, "a rule needs the key 'fault'");
  RuleBuilder builder;
  check(fault, builder.set_fault(text_of(fault, "fault")));
  SaidKeys said;
  read_rule_keys(node, "", builder, said);
  check(node, builder.finish());
  return builder.result();
}

void read_rules(const YAML::Node& list, Plan& plan) {
  if (!list.IsSequence()) refuse(list, "'rules' is a list");
  for (const auto& rule : list) plan.rules.push_back(rule_of(rule));
}

void read_paths(const YAML::Node& list, Plan& plan) {
  if (!list.IsSequence()) refuse(list, "'paths' is a list");
  for (const auto& path : list) plan.disk_paths.push_back(text_of(path, "paths"));
}

void read_profile(const YAML::Node& value, Plan& plan) {
  plan.disk_profile = text_of(value, "profile");
  if (find_profile(plan.disk_profile.c_str()) != ProfileId::count) return;
  std::vector<std::string> names;
  for (unsigned i = 0; i < kProfiles; ++i) {
    names.emplace_back(profile_of(static_cast<ProfileId>(i)).name);
  }
  refuse(value, fmt::format("there is no profile '{}'", plan.disk_profile) +
                    did_you_mean(plan.disk_profile, names));
}

void read_disk(const YAML::Node& map, Plan& plan) {
  read_map(map, "'disk'",
           {{"paths", [&](const YAML::Node& value) { read_paths(value, plan); }},
            {"profile", [&](const YAML::Node& value) { read_profile(value, plan); }},
            {"in_place",
             [&](const YAML::Node& value) { plan.disk_in_place = flag_of(value, "in_place"); }}});
}

void read_multiplier(const YAML::Node& value, Plan& plan) {
  const auto text = text_of(value, "multiplier");
  char* end = nullptr;
  plan.multiplier = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != 0 || !(plan.multiplier >= 0 && plan.multiplier <= 1e6)) {
    refuse(value, fmt::format("'{}' is no multiplier: a number from 0 on", text));
  }
}

void read_plan(const YAML::Node& root, Plan& plan) {
  const auto phases = [&](const YAML::Node& map) {
    read_map(map, "'phases'",
             {{"quiet", [&](const YAML::Node& v) { plan.quiet_ns = duration_of(v, "quiet"); }},
              {"liveness_after", [&](const YAML::Node& v) {
                 plan.liveness_after_ns = duration_of(v, "liveness_after");
               }}});
    if (plan.liveness_after_ns <= plan.quiet_ns) refuse(map, "nothing strikes in these phases");
  };
  read_map(
      root, "a plan",
      {{"preset", [&](const YAML::Node& v) { check(v, set_preset(plan, text_of(v, "preset"))); }},
       {"fault",
        [&](const YAML::Node& v) {
          plan.verify_fault = text_of(v, "fault");
          std::string site, problem;
          find_fault(plan.verify_fault, site, problem);
          check(v, problem);
        }},
       {"multiplier", [&](const YAML::Node& v) { read_multiplier(v, plan); }},
       {"rules", [&](const YAML::Node& v) { read_rules(v, plan); }},
       {"phases", phases},
       {"disk", [&](const YAML::Node& v) { read_disk(v, plan); }}});
  if (plan.preset == "verify" && plan.verify_fault.empty()) {
    refuse(root, "the preset 'verify' needs the key 'fault'");
  }
  if (plan.preset != "verify" && !plan.verify_fault.empty()) {
    refuse(root, "the key 'fault' belongs to the preset 'verify'");
  }
}

}  // namespace

std::string read_plan_text(const std::string& text, const std::string& name, Plan& plan) {
  return yaml::read(text, name, [&](const YAML::Node& root) { read_plan(root, plan); });
}

std::string read_plan_file(const std::string& path, Plan& plan) {
  std::string text, problem;
  if (!yaml::read_file(path, "the plan", text, problem)) return problem;
  return read_plan_text(text, path, plan);
}

}  // namespace detsim
