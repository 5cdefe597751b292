#include "faultplan/reading/plan_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "faultplan/reading/said_keys.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

std::vector<std::string> fault_names() {
  std::vector<std::string> names;
  for (unsigned i = 0; i < kFaults; ++i) names.emplace_back(row_of(static_cast<FaultId>(i)).id);
  return names;
}

bool has_alias(const FaultRow& row, const std::string& text) {
  const auto padded = fmt::format(" {} ", row.aliases);
  return !text.empty() && padded.find(fmt::format(" {} ", text)) != padded.npos;
}

// At commas that are not in braces.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> rows = {
      {"none", 0, "no faults: as no plan at all"},
      {"calm", 0.1, "every fault of the catalogue, a tenth as often as it says there"},
      {"moderate", 1, "every fault, as often as the catalogue says"},
      {"chaos", 3, "every fault, three times as often"},
      {"verify", 0, "one fault, nine times out of ten: verify:disk.full"},
      {"swarm", 0, "half of the faults, which ones and how often drawn from the seed"},
  };
  return rows;
}

FaultId find_fault(const std::string& text, std::string& site, std::string& problem) {
  for (unsigned i = 0; i < kFaults; ++i) {
    const auto id = static_cast<FaultId>(i);
    if (text == row_of(id).id || has_alias(row_of(id), text)) return id;
  }
  if (text.starts_with("app.") && text.size() > 4) {
    site = text.substr(4);
    return FaultId::app_buggify;
  }
  problem = fmt::format("there is no fault '{}'", text) + did_you_mean(text, fault_names());
  return FaultId::count;
}

std::string add_rule_text(Plan& plan, const std::string& text) {
  const auto parts = split(text);
  const auto& head = parts.front();
  const auto equals = head.find('=');
  RuleBuilder builder;
  auto problem = builder.set_fault(head.substr(0, equals));
  SaidKeys said;
  if (problem.empty() && equals != head.npos) {
    said.add("probability");
    problem = builder.set("probability", head.substr(equals + 1));
  }
  for (std::size_t i = 1; i < parts.size() && problem.empty(); ++i) {
    const auto at = parts[i].find('=');
    if (at == parts[i].npos) return fmt::format("'{}' is no KEY=VALUE", parts[i]);
    const auto key = parts[i].substr(0, at);
    problem = said.add(key);
    if (problem.empty()) problem = builder.set(key, parts[i].substr(at + 1));
  }
  if (problem.empty()) problem = builder.finish();
  if (problem.empty()) plan.rules.push_back(builder.result());
  return problem;
}

std::string set_preset(Plan& plan, const std::string& text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  std::vector<std::string> names;
  for (const auto& preset : presets()) names.emplace_back(preset.name);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    return fmt::format("there is no preset '{}'", name) + did_you_mean(name, names);
  }
  if (colon != text.npos && name != "verify") {
    return fmt::format("the preset '{}' is of no single fault", name);
  }
  plan.preset = name;
  if (colon == text.npos) return "";
  std::string site, problem;
  plan.verify_fault = text.substr(colon + 1);
  find_fault(plan.verify_fault, site, problem);
  return problem;
}

}  // namespace detsim
