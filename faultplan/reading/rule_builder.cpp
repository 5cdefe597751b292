// One rule, key by key; what cannot be is refused with words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "faultplan/reading/choices.hpp"
#include "faultplan/reading/plan_text.hpp"
#include "launcher/call_table.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

template <typename... Each>
constexpr OpSet ops_of(Each... each) {
  return bit_of(Op::any) | (bit_of(each) | ...);
}

// What a call does by its name; 0: any only.
OpSet ops_of_call(const std::string& call) {
  using enum Op;
#define POINT(name, target, extent, operations) \
  if (call == #name) return ops_of operations;
#include "interpose/faults/points.def"
#undef POINT
  return bit_of(Op::any);
}

// Calls whose operation depends on their arguments: a row cannot tell.
bool depends_on_arguments(const std::string& call) {
  const std::vector<std::string> names = {"clone", "clone3", "fcntl",   "flock",  "futex",
                                          "open",  "openat", "openat2", "connect"};
  return std::find(names.begin(), names.end(), call) != names.end();
}

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (unsigned i = 0; i < kOps; ++i) names.emplace_back(name_of(static_cast<Op>(i)));
  return names;
}

std::vector<std::string> names_of_ops(OpSet set) {
  std::vector<std::string> names;
  for (unsigned i = 0; i < kOps; ++i) {
    if ((set >> i & 1) != 0) names.emplace_back(name_of(static_cast<Op>(i)));
  }
  return names;
}

// Other names for an operation, as people say them.
std::string op_word(const std::string& text) {
  if (text == "fsync" || text == "fdatasync") return "sync";
  if (text == "unlink" || text == "delete") return "remove";
  if (text == "mkdir") return "make_directory";
  if (text == "exec") return "execute";
  return text;
}

std::string words_of(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

template <typename T>
std::string take(const Parsed<T>& parsed, T& to) {
  if (parsed) to = parsed.value;
  return parsed.problem;
}

// Sites may have any name, and are no patterns.
std::string complaint_about_pattern(const std::string& value) {
  const auto opened = value.find('[');
  if (opened != value.npos && value.find(']', opened) == value.npos) {
    return fmt::format("in the pattern '{}' a [ is not closed", value);
  }
  const auto count = [&](char c) { return std::count(value.begin(), value.end(), c); };
  if (count('{') != count('}')) {
    return fmt::format("in the pattern '{}' a brace is not closed", value);
  }
  return "";
}

constexpr OpSet kPathOps = bit_of(Op::open) | bit_of(Op::create) | bit_of(Op::rename) |
                           bit_of(Op::remove) | bit_of(Op::make_directory) | bit_of(Op::execute) |
                           bit_of(Op::any) | bit_of(Op::site);

bool can_have_path(const FaultRow& row) {
  const auto files = bit_of(Subject::file) | bit_of(Subject::directory);
  return (row.ops & kPathOps) != 0 || (row.subjects & files) != 0;
}

}  // namespace

std::vector<std::string> keys_of_rule(FaultId fault) {
  std::vector<std::string> keys = {"probability", "after",     "max",          "when", "sequence",
                                   "kind",        "process",   "nth",          "call", "op",
                                   "error",       "from",      "until",        "path", "at.op",
                                   "at.path",     "at.timing", "at.occurrence"};
  if (fault == FaultId::count) return keys;
  const auto& row = row_of(fault);
  for (unsigned i = 0; i < kParametersMax && row.parameters[i].name != nullptr; ++i) {
    keys.emplace_back(row.parameters[i].name);
  }
  return keys;
}

std::string RuleBuilder::set_fault(const std::string& id) {
  std::string site, problem;
  auto& rule = result_.rule;
  rule.fault = find_fault(id, site, problem);
  if (!problem.empty()) return problem;
  const auto& row = row_of(rule.fault);
  rule.ops = row.ops;
  rule.subjects = row.subjects;
  rule.per_billion = row.per_billion;
  for (unsigned i = 0; i < kParametersMax; ++i) rule.parameters[i] = row.parameters[i].value;
  return site.empty() ? "" : set_pattern(rule.path, site);
}

std::string RuleBuilder::set(const std::string& key, const std::string& value) {
  auto& rule = result_.rule;
  if (key == "probability") return set_probability(value);
  if (key == "when") return set_when(value);
  if (key == "sequence") return set_sequence(value);
  if (key == "path" || key == "site") return set_path(value);
  if (key == "kind") return set_kind(value);
  if (key == "op") return set_op(value);
  if (key == "call") return set_call(value);
  if (key == "error") return set_error(value);
  if (key == "process" || key == "process.name") return set_pattern(rule.process, value);
  if (key == "from" || key == "window.from") return take(parse_duration(value), rule.from_ns);
  if (key == "until" || key == "window.until") return take(parse_duration(value), rule.until_ns);
  if (key.starts_with("at.")) return set_at(key.substr(3), value);
  if (key == "nth" || key == "process.nth") {
    std::uint64_t nth = 0;
    auto problem = take(parse_number(value, 1, ~0u), nth);
    rule.process_nth = static_cast<std::uint32_t>(nth);
    return problem;
  }
  if (key == "after" || key == "max") {
    result_.has_turns = true;
    const std::uint64_t least = key == "max" ? 1 : 0;
    return take(parse_number(value, least, kNoEnd - 1), key == "max" ? rule.max : rule.after);
  }
  return set_parameter(key, value);
}

std::string RuleBuilder::set_probability(const std::string& value) {
  char* end = nullptr;
  double probability = std::strtod(value.c_str(), &end);
  if (end != value.c_str() && *end == '%') {
    probability /= 100;
    ++end;
  }
  const bool is_decimal = value.find_first_of("xX") == value.npos;
  if (end == value.c_str() || *end != 0 || !is_decimal) {
    return fmt::format("'{}' is no probability", value);
  }
  if (!(probability >= 0 && probability <= 1)) {
    return fmt::format("'{}' is no probability: it is from 0 to 1", value);
  }
  result_.has_probability = true;
  result_.rule.per_billion = static_cast<std::uint32_t>(std::lround(probability * kCertain));
  if (probability > 0 && result_.rule.per_billion == 0) {
    return fmt::format("'{}' is less than one in a billion", value);
  }
  return "";
}

// "3", "3..9", "3..", "3..9+2"
std::string RuleBuilder::set_when(const std::string& value) {
  auto& rule = result_.rule;
  result_.has_turns = true;
  const auto plus = value.find('+');
  const auto range = value.substr(0, plus);
  const auto dots = range.find("..");
  auto problem = take(parse_number(range.substr(0, dots), 1, kNoEnd - 1), rule.first);
  if (problem.empty() && plus != value.npos) {
    problem = take(parse_number(value.substr(plus + 1), 1, kNoEnd - 1), rule.step);
  }
  rule.last = dots == range.npos ? rule.first : kNoEnd;
  if (problem.empty() && dots != range.npos && dots + 2 < range.size()) {
    problem = take(parse_number(range.substr(dots + 2), 1, kNoEnd - 1), rule.last);
  }
  if (problem.empty() && rule.last < rule.first) problem = "it ends before it begins";
  return problem.empty() ? "" : fmt::format("'{}' is no FIRST..LAST+STEP: {}", value, problem);
}

std::string RuleBuilder::set_sequence(const std::string& value) {
  result_.has_turns = true;
  if (value.empty() || value.find_first_not_of("wxX") != value.npos) {
    return fmt::format("'{}' is no sequence: w works, x fails, X fails from there on", value);
  }
  if (value.find('X') < value.size() - 1) return "in a sequence, nothing follows X";
  if (value.size() >= kSequenceMax) {
    return fmt::format("a sequence has at most {} letters", kSequenceMax - 1);
  }
  value.copy(result_.rule.sequence, kSequenceMax - 1);
  return "";
}

std::string RuleBuilder::set_path(const std::string& value) {
  const auto& row = row_of(result_.rule.fault);
  if (!can_have_path(row)) return fmt::format("{} strikes nothing that has a path", row.id);
  auto problem = complaint_about_pattern(value);
  return problem.empty() ? set_pattern(result_.rule.path, value) : problem;
}

std::string RuleBuilder::set_pattern(char (&to)[kPatternBytes], const std::string& value) {
  if (value.empty()) return "the pattern is empty";
  if (value.size() >= kPatternBytes) {
    return fmt::format("a pattern has at most {} characters", kPatternBytes - 1);
  }
  value.copy(to, kPatternBytes - 1);
  to[value.size()] = 0;
  return "";
}

std::string RuleBuilder::set_kind(const std::string& value) {
  const auto& row = row_of(result_.rule.fault);
  std::vector<std::string> legal, all;
  for (unsigned i = 0; i < kSubjects; ++i) {
    const auto subject = static_cast<Subject>(i);
    all.emplace_back(name_of(subject));
    if ((row.subjects & bit_of(subject)) == 0) continue;
    legal.emplace_back(name_of(subject));
    if (value == name_of(subject)) {
      result_.rule.subjects = bit_of(subject);
      return "";
    }
  }
  if (std::find(all.begin(), all.end(), value) == all.end()) {
    return fmt::format("there is no kind '{}'", value) + did_you_mean(value, all);
  }
  return fmt::format("{} cannot strike a {}: {}", row.id, value, words_of(legal));
}

std::string RuleBuilder::set_op(const std::string& value) {
  const auto& row = row_of(result_.rule.fault);
  const auto word = op_word(value);
  const auto names = op_names();
  const auto found = std::find(names.begin(), names.end(), word);
  if (found == names.end()) {
    return fmt::format("there is no operation '{}'", value) + did_you_mean(value, names);
  }
  const auto op = 1u << (found - names.begin());
  const bool strikes_any = (row.ops & bit_of(Op::any)) != 0;
  if ((row.ops & op) == 0 && !strikes_any) {
    return fmt::format("{} cannot strike {}: {}", row.id, value, words_of(names_of_ops(row.ops)));
  }
  result_.rule.ops = op;
  return "";
}

std::string RuleBuilder::set_call(const std::string& value) {
  const auto& row = row_of(result_.rule.fault);
  std::vector<std::string> names;
  for (const auto& call : call_rows()) {
    names.emplace_back(call.name);
    if (value != call.name) continue;
    if ((ops_of_call(value) & row.ops) == 0 && !depends_on_arguments(value)) {
      return fmt::format("{} cannot strike {}: {}", row.id, value, words_of(names_of_ops(row.ops)));
    }
    result_.rule.call = static_cast<std::uint16_t>(call.number + 1);
    return "";
  }
  return fmt::format("there is no call '{}'", value) + did_you_mean(value, names);
}

std::string RuleBuilder::set_error(const std::string& value) {
  const auto& row = row_of(result_.rule.fault);
  std::vector<std::string> legal;
  for (const auto error : row.errors) {
    if (error == 0) break;
    legal.emplace_back(strerrorname_np(error));
    if (value == legal.back()) {
      result_.rule.error = error;
      return "";
    }
  }
  if (legal.empty()) return fmt::format("{} answers no error", row.id);
  return fmt::format("{} never answers {}: {}", row.id, value, words_of(legal));
}

std::string RuleBuilder::set_at(const std::string& key, const std::string& value) {
  auto& rule = result_.rule;
  result_.has_turns = true;
  rule.is_point = true;
  if (key == "op") return set_op(value);
  if (key == "path") return set_path(value);
  if (key == "call") return set_call(value);
  if (key == "occurrence") return take(parse_number(value, 1, kNoEnd - 1), rule.occurrence);
  if (key == "timing") {
    const std::vector<std::string> names = {"before", "after", "during"};
    const auto found = std::find(names.begin(), names.end(), value);
    if (found == names.end()) {
      return fmt::format("there is no timing '{}'", value) + did_you_mean(value, names);
    }
    rule.timing = static_cast<Timing>(found - names.begin());
    return "";
  }
  return fmt::format("`at` has no key '{}'", key) +
         did_you_mean(key, {"op", "path", "call", "timing", "occurrence"});
}

std::string RuleBuilder::set_parameter(const std::string& key, const std::string& value) {
  const auto& row = row_of(result_.rule.fault);
  for (unsigned i = 0; i < kParametersMax && row.parameters[i].name != nullptr; ++i) {
    if (key != row.parameters[i].name) continue;
    auto& to = result_.rule.parameters[i];
    if (const auto choices = choices_of(row.parameters[i]); !choices.empty()) {
      const auto found = std::find(choices.begin(), choices.end(), value);
      to = static_cast<std::uint64_t>(found - choices.begin());
      if (found != choices.end()) return "";
      return fmt::format("'{}' is none of {}", value, words_of(choices)) +
             did_you_mean(value, choices);
    }
    switch (row.parameters[i].unit) {
      case Unit::ns: return take(parse_duration(value), to);
      case Unit::ppm: return take(parse_number(value, 0, 500'000), to);
      case Unit::count: return take(parse_number(value, 1, 1'000'000), to);
      case Unit::flag:
        if (value != "true" && value != "false" && value != "1" && value != "0") {
          return fmt::format("'{}' is neither true nor false", value);
        }
        to = value == "true" || value == "1" ? 1 : 0;
        return "";
      case Unit::per_billion: {
        RuleBuilder probability;
        auto problem = probability.set_probability(value);
        to = probability.result_.rule.per_billion;
        return problem;
      }
      case Unit::bytes:
        if (std::strcmp(row.parameters[i].name, "budget") == 0) result_.has_turns = true;
        return take(parse_number(value, 0, kNoEnd - 1), to);
    }
  }
  return fmt::format("a rule of {} has no key '{}'", row.id, key) +
         did_you_mean(key, keys_of_rule(result_.rule.fault));
}

std::string RuleBuilder::finish() {
  auto& rule = result_.rule;
  const auto& row = row_of(rule.fault);
  if (rule.timing != Timing::before && row.effect != Effect::beside) {
    return fmt::format("{} decides how a call ends, so it strikes before it", row.id);
  }
  const auto transaction = bit_of(Op::write) | bit_of(Op::sync);
  const bool is_of_one = row.ops == rule.ops || (rule.ops & transaction) != 0;
  if (rule.timing == Timing::during && !is_of_one) {
    return "timing `during` is between a write and the sync after it: the operation is write";
  }
  if (rule.timing == Timing::during) rule.ops = bit_of(Op::write) | bit_of(Op::sync);
  if (rule.is_point && rule.max == kNoEnd) rule.max = 1;
  if (rule.until_ns <= rule.from_ns) return "the window of time ends before it begins";
  if (rule.fault == FaultId::proc_eintr && rule.subjects == row.subjects) {
    rule.subjects = static_cast<SubjectSet>(row.subjects & ~bit_of(Subject::file));
  }
  if (result_.has_turns && !result_.has_probability) rule.per_billion = kCertain;
  if (rule.per_billion == 0 && !result_.has_probability) {
    return fmt::format("{} strikes only where a rule says: it needs a probability, or `at`",
                       row.id);
  }
  rule.scoped = std::strncmp(row.id, "disk.", 5) == 0 && rule.path[0] == 0;
  return "";
}

}  // namespace detsim
