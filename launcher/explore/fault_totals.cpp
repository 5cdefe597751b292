#include "launcher/explore/fault_totals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

namespace detsim {
namespace {

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(double value) { return fmt::format("{:.3g} %", value * 100); }

// Rules that the plan names itself and that never had a chance.
bool is_idle(const RuleTotal& rule) { return !rule.from_preset && rule.opportunities == 0; }

}  // namespace

std::vector<RuleCount> counts_of(const FaultOutcome& outcome, bool with_idle) {
  std::vector<RuleCount> counts;
  for (const auto& rule : outcome.rules) {
    if (rule.opportunities == 0 && !with_idle) continue;
    auto name = name_of(rule);
    if (rule.ordinal > 0) name += fmt::format(" #{}", rule.ordinal + 1);
    counts.push_back({name, rule.from_preset, rule.per_billion, rule.opportunities, rule.strikes});
  }
  return counts;
}

std::string to_text(const std::vector<RuleCount>& rules) {
  std::string text;
  for (const auto& rule : rules) {
    text += fmt::format("{} {} {} {} {}\n", rule.from_preset ? 1 : 0, rule.per_billion,
                        rule.opportunities, rule.strikes, rule.name);
  }
  return text;
}

std::vector<RuleCount> parse_rules(const std::string& text) {
  std::vector<RuleCount> rules;
  std::istringstream lines(text);
  for (RuleCount rule;
       lines >> rule.from_preset >> rule.per_billion >> rule.opportunities >> rule.strikes;) {
    lines.get();
    std::getline(lines, rule.name);
    rules.push_back(rule);
  }
  return rules;
}

double RuleTotal::configured() const {
  return (runs == 0 ? per_billion : share(per_billion_sum, runs)) / kCertain;
}
double RuleTotal::per_operation() const { return share(strikes, opportunities); }
double RuleTotal::per_run() const { return share(runs_struck, runs); }
double RuleTotal::failed_if_struck() const { return share(struck_failed, runs_struck); }

void FaultTotals::add(const std::vector<RuleCount>& rules, bool failed) {
  for (const auto& rule : rules) {
    const auto is_it = [&](const RuleTotal& total) {
      return total.name == rule.name && total.from_preset == rule.from_preset;
    };
    auto total = std::find_if(rules_.begin(), rules_.end(), is_it);
    if (total == rules_.end()) {
      rules_.push_back({.name = rule.name, .from_preset = rule.from_preset});
      total = rules_.end() - 1;
    }
    total->opportunities += rule.opportunities;
    total->strikes += rule.strikes;
    total->runs += rule.opportunities > 0 ? 1 : 0;
    total->per_billion_sum += rule.opportunities > 0 ? rule.per_billion : 0;
    total->per_billion = rule.per_billion;
    total->runs_struck += rule.strikes > 0 ? 1 : 0;
    total->struck_failed += rule.strikes > 0 && failed ? 1 : 0;
  }
}

void FaultTotals::merge(const FaultTotals& other) {
  for (const auto& rule : other.rules_) {
    const auto is_it = [&](const RuleTotal& total) {
      return total.name == rule.name && total.from_preset == rule.from_preset;
    };
    const auto total = std::find_if(rules_.begin(), rules_.end(), is_it);
    if (total == rules_.end()) {
      rules_.push_back(rule);
      continue;
    }
    total->opportunities += rule.opportunities;
    total->strikes += rule.strikes;
    total->runs += rule.runs;
    total->per_billion_sum += rule.per_billion_sum;
    total->runs_struck += rule.runs_struck;
    total->struck_failed += rule.struck_failed;
  }
}

std::vector<RuleTotal> FaultTotals::sorted() const {
  auto rules = rules_;
  std::sort(rules.begin(), rules.end(), [](const RuleTotal& a, const RuleTotal& b) {
    if (a.strikes != b.strikes) return a.strikes > b.strikes;
    return a.name != b.name ? a.name < b.name : a.from_preset < b.from_preset;
  });
  return rules;
}

nlohmann::ordered_json json_of(const FaultTotals& totals) {
  auto rules = nlohmann::ordered_json::array();
  for (const auto& rule : totals.sorted()) {
    rules.push_back({{"fault", rule.name},
                     {"from_preset", rule.from_preset},
                     {"probability", rule.configured()},
                     {"opportunities", rule.opportunities},
                     {"strikes", rule.strikes},
                     {"effective_per_operation", rule.per_operation()},
                     {"runs_with_opportunity", rule.runs},
                     {"runs_struck", rule.runs_struck},
                     {"effective_per_run", rule.per_run()},
                     {"struck_runs_failed", rule.struck_failed}});
  }
  return rules;
}

std::string console_text(const FaultTotals& totals) {
  std::string text, idle;
  std::uint64_t silent = 0;
  for (const auto& rule : totals.sorted()) {
    if (is_idle(rule)) idle += "    " + rule.name + "\n";
    silent += rule.opportunities > 0 && rule.strikes == 0 ? 1 : 0;
    if (rule.strikes == 0) continue;
    text += fmt::format(
        "    {:<28} {} of {} opportunities: {}, configured {}; struck {} of {} runs, of which {} "
        "failed\n",
        rule.name, rule.strikes, rule.opportunities, percent(rule.per_operation()),
        percent(rule.configured()), rule.runs_struck, rule.runs, percent(rule.failed_if_struck()));
  }
  if (!text.empty()) text = "\nfaults that struck\n" + text;
  if (silent > 0) text += fmt::format("    {} more could have struck and did not\n", silent);
  if (!idle.empty()) text += "\nRULES THAT NEVER HAD AN OPPORTUNITY, in no run\n" + idle;
  return text;
}

std::string markdown_text(const FaultTotals& totals) {
  if (totals.empty()) return "";
  std::string text =
      "\n| fault | strikes | opportunities | configured | per operation | per run | struck runs "
      "that failed |\n|---|---|---|---|---|---|---|\n";
  for (const auto& rule : totals.sorted()) {
    if (rule.strikes == 0 && !is_idle(rule)) continue;
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", rule.name, rule.strikes,
                        is_idle(rule) ? "**none**" : fmt::format("{}", rule.opportunities),
                        percent(rule.configured()), percent(rule.per_operation()),
                        percent(rule.per_run()),
                        rule.runs_struck == 0 ? "" : percent(rule.failed_if_struck()));
  }
  return text;
}

}  // namespace detsim
