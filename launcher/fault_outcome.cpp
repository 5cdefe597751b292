#include "launcher/fault_outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "trace/words.hpp"

namespace detsim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kStrikesShown = 10;

double probability_of(const FaultRule& rule) { return rule.per_billion / double{kCertain}; }

double effective(const FaultRule& rule) {
  if (rule.opportunities == 0) return 0;
  return static_cast<double>(rule.strikes) / static_cast<double>(rule.opportunities);
}

// That a run with as many opportunities is struck at least once: thirty per cent per write is
// fifty-one per cent per two writes.
double per_run(const FaultRule& rule) {
  return 1 - std::pow(1 - effective(rule), static_cast<double>(rule.opportunities));
}

std::string percent(double value) { return fmt::format("{:.3g} %", value * 100); }

Json json_of(const Strike& strike) {
  Json json = {{"time_ns", strike.time_ns},
               {"process", strike.process},
               {"pid", strike.pid},
               {"tid", strike.tid},
               {"fault", name_of(strike.fault)},
               {"rule", strike.rule},
               {"call", call_name(strike.call)}};
  if (strike.path[0] != 0) json["path"] = strike.path;
  if (strike.has_offset) json["offset"] = strike.offset;
  if (strike.error != 0) json["error"] = strerrorname_np(strike.error);
  json["value"] = strike.value;
  return json;
}

}  // namespace

std::string words_of(const Strike& strike) {
  auto text = fmt::format("{:>14}  {} ({}", seconds(strike.time_ns), strike.process, strike.pid);
  if (strike.tid != strike.pid) text += fmt::format(", task {}", strike.tid);
  text += fmt::format(")  {}", name_of(strike.fault));
  if (strike.call != 0 || strike.path[0] != 0) text += " at " + call_name(strike.call);
  if (strike.path[0] != 0) text += fmt::format(" {}", strike.path);
  if (strike.has_offset) text += fmt::format(" at byte {}", strike.offset);
  if (strike.error != 0) text += fmt::format(": {}", strerrorname_np(strike.error));
  return text;
}

FaultOutcome gather_faults(const FaultState& state) {
  auto outcome = gather_rules(state);
  const auto& properties = *reinterpret_cast<const Properties*>(
      reinterpret_cast<const char*>(&state) + kPropertiesOffset);
  outcome.properties.assign(properties.each, properties.each + properties.used);
  return outcome;
}

FaultOutcome gather_rules(const FaultState& state) {
  FaultOutcome outcome;
  outcome.rules.assign(state.rules, state.rules + state.rules_used);
  outcome.strikes.assign(state.log,
                         state.log + std::min<std::uint64_t>(state.strikes, kStrikesMax));
  outcome.struck = state.strikes;
  return outcome;
}

std::string name_of(const FaultRule& rule) {
  std::string text = name_of(rule.fault);
  if (rule.fault == FaultId::app_buggify && rule.path[0] != 0) {
    return fmt::format("app.{}", rule.path);
  }
  if (rule.path[0] != 0) text += fmt::format(" path={}", rule.path);
  if (rule.process[0] != 0) text += fmt::format(" process={}", rule.process);
  return text;
}

std::vector<std::string> idle_rules(const FaultOutcome& outcome) {
  std::vector<std::string> names;
  for (const auto& rule : outcome.rules) {
    if (!rule.from_preset && rule.opportunities == 0) names.push_back(name_of(rule));
  }
  return names;
}

void print_faults(const FaultOutcome& outcome, bool with_strikes, std::FILE* out) {
  if (outcome.struck == 0) return;
  fmt::print(out, "detsim: {} {}\n", outcome.struck,
             outcome.struck == 1 ? "fault struck" : "faults struck");
  for (const auto& rule : outcome.rules) {
    if (rule.strikes == 0) continue;
    fmt::print(out, "  {:<28} {} of {} opportunities; configured {}, effective {}, {} of runs\n",
               name_of(rule), rule.strikes, rule.opportunities, percent(probability_of(rule)),
               percent(effective(rule)), percent(per_run(rule)));
  }
  if (!with_strikes) return;
  const auto& all = outcome.strikes;
  const auto skipped = all.size() > kStrikesShown ? all.size() - kStrikesShown : 0;
  if (skipped != 0) fmt::print(out, "detsim: the last {} of them\n", kStrikesShown);
  for (auto i = skipped; i < all.size(); ++i) fmt::print(out, "  {}\n", words_of(all[i]));
}

Json json_of(const FaultOutcome& outcome) {
  auto rules = Json::array();
  for (const auto& rule : outcome.rules) {
    rules.push_back({{"fault", name_of(rule)},
                     {"from_preset", rule.from_preset},
                     {"probability", probability_of(rule)},
                     {"opportunities", rule.opportunities},
                     {"strikes", rule.strikes},
                     {"effective_per_operation", effective(rule)},
                     {"effective_per_run", per_run(rule)}});
  }
  auto strikes = Json::array();
  for (const auto& strike : outcome.strikes) strikes.push_back(json_of(strike));
  constexpr const char* kKinds[] = {"", "always", "sometimes", "reachable", "unreachable"};
  auto properties = Json::array();
  for (const auto& property : outcome.properties) {
    properties.push_back({{"kind", kKinds[static_cast<unsigned>(property.kind)]},
                          {"message", property.message},
                          {"reached", property.reached},
                          {"held", property.held}});
  }
  return {{"struck", outcome.struck},
          {"rules", rules},
          {"strikes", strikes},
          {"properties", properties}};
}

std::string log_of(const FaultOutcome& outcome) {
  std::string text;
  for (const auto& strike : outcome.strikes) text += json_of(strike).dump() + "\n";
  return text;
}

}  // namespace detsim
