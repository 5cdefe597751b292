// `detsim faults`: the catalogue as it is compiled in, and plans looked at before they are used.
#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "faultplan/reading/choices.hpp"
#include "faultplan/reading/compile.hpp"
#include "faultplan/reading/plan_file.hpp"
#include "faultplan/reading/schema.hpp"
#include "launcher/command_line.hpp"
#include "launcher/fault_outcome.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

using Json = nlohmann::ordered_json;

const FaultRow& row_at(unsigned index) { return row_of(static_cast<FaultId>(index)); }

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::vector<std::string> ops_of(const FaultRow& row) {
  std::vector<std::string> names;
  for (unsigned i = 0; i < kOps; ++i) {
    if ((row.ops >> i & 1) != 0) names.emplace_back(name_of(static_cast<Op>(i)));
  }
  return names;
}

std::vector<std::string> subjects_of(const FaultRow& row) {
  if (row.subjects == bit_of(Subject::anything)) return {"anything"};
  std::vector<std::string> names;
  for (unsigned i = 0; i < kSubjects; ++i) {
    if ((row.subjects >> i & 1) != 0) names.emplace_back(name_of(static_cast<Subject>(i)));
  }
  return names;
}

std::vector<std::string> errors_of(const FaultRow& row) {
  std::vector<std::string> names;
  for (const auto error : row.errors) {
    if (error != 0) names.emplace_back(strerrorname_np(error));
  }
  return names;
}

std::string value_text(const FaultParameter& parameter) {
  if (const auto choices = choices_of(parameter); !choices.empty()) return choices[parameter.value];
  switch (parameter.unit) {
    case Unit::flag: return parameter.value != 0 ? "true" : "false";
    case Unit::ns: return parameter.value == 0 ? "0" : duration_text(parameter.value);
    case Unit::ppm: return fmt::format("{} ppm", parameter.value);
    case Unit::per_billion: return fmt::format("{:g}", static_cast<double>(parameter.value) / 1e9);
    default: return fmt::format("{}", parameter.value);
  }
}

const char* word_of(Effect effect) {
  switch (effect) {
    case Effect::call: return "at the call, which it answers or changes";
    case Effect::beside: return "beside the call";
    case Effect::clock: return "in clocks and timers";
    case Effect::disk_model: return "at the call, and in the model of the disk";
    case Effect::site: return "in the program itself, at DETSIM_BUGGIFY";
  }
  return "?";
}

Json json_of(const FaultRow& row) {
  Json json = {{"id", row.id},
               {"words", row.words},
               {"operations", ops_of(row)},
               {"subjects", subjects_of(row)},
               {"errors", errors_of(row)},
               {"probability", row.per_billion / 1e9},
               {"source", row.source},
               {"aliases", row.aliases}};
  json["parameters"] = Json::array();
  for (const auto& parameter : row.parameters) {
    if (parameter.name == nullptr) break;
    json["parameters"].push_back(
        {{"name", parameter.name}, {"default", value_text(parameter)}, {"words", parameter.words}});
  }
  return json;
}

void print_row(const FaultRow& row) {
  fmt::print("{}: {}\n", row.id, row.words);
  fmt::print("  strikes      {} (on {})\n", joined(ops_of(row), ", "),
             joined(subjects_of(row), ", "));
  if (row.errors[0] != 0) fmt::print("  answers      {}\n", joined(errors_of(row), ", "));
  fmt::print("  probability  {:g} per opportunity: {}\n", row.per_billion / 1e9, row.source);
  for (const auto& parameter : row.parameters) {
    if (parameter.name == nullptr) break;
    fmt::print("  {:<12} {} (default {})\n", parameter.name, parameter.words,
               value_text(parameter));
  }
  fmt::print("  happens      {}\n", word_of(row.effect));
  if (row.aliases[0] != 0) fmt::print("  also called  {}\n", row.aliases);
}

int list(const std::string& filter, bool as_json) {
  auto json = Json::array();
  unsigned count = 0;
  for (unsigned i = 0; i < kFaults; ++i) {
    const auto& row = row_at(i);
    if (std::string(row.id).find(filter) == std::string::npos) continue;
    ++count;
    if (as_json) {
      json.push_back(json_of(row));
    } else {
      fmt::print("{:<26} {:<9g} {}\n", row.id, row.per_billion / 1e9, row.words);
    }
  }
  if (as_json) fmt::print("{}\n", json.dump(2));
  if (count == 0) say(fmt::format("there is no fault like '{}'", filter));
  return count == 0 ? 1 : 0;
}

int show(const std::string& id, bool as_json) {
  std::string site, problem;
  const auto fault = find_fault(id, site, problem);
  if (fault == FaultId::count) {
    say(problem);
    return 1;
  }
  if (as_json) {
    fmt::print("{}\n", json_of(row_of(fault)).dump(2));
  } else {
    print_row(row_of(fault));
  }
  return 0;
}

int check(const std::string& path) {
  Plan plan;
  auto problem = read_plan_file(path, plan);
  const auto state = std::make_unique<FaultState>();
  if (problem.empty()) {
    problem = compile_plan(plan, 0, std::filesystem::current_path(), *state);
  }
  if (!problem.empty()) {
    say(problem);
    return kExitFailed;
  }
  const auto& preset = plan.preset.empty() ? "none" : plan.preset;
  fmt::print("{}: preset {}, {} rules\n", path, preset, plan.rules.size());
  for (const auto& rule : gather_rules(*state).rules) {
    if (rule.from_preset) continue;
    fmt::print("  {:<40} probability {:g}\n", name_of(rule), rule.per_billion / 1e9);
  }
  return 0;
}

}  // namespace

int verb_faults(const Invocation& invocation) {
  CLI::App app("Prints the faults that a plan can ask for, or checks a plan.",
               invocation.program + " faults");
  std::string what = "list", which;
  bool as_json = false;
  app.add_option("what", what, "list, show, check or schema. Default: list");
  app.add_option("which", which, "Part of a name, a fault, or a plan");
  app.add_flag("--json", as_json, "Print JSON");
  app.footer(
      "faults list [PART]    every fault, its probability at the preset 'moderate', what it does\n"
      "faults show FAULT     all about one: what it strikes and answers, its parameters\n"
      "faults check PLAN     whether a plan can be used; wrong words with line and column\n"
      "faults schema         the JSON schema of plans, for editors\n"
      "Exit status: 0; 1 there is no such fault; 125 the plan is wrong.");
  if (const auto code = parse_command_line(app, invocation, nullptr)) return *code;
  if (what == "list") return list(which, as_json);
  if (what == "schema") {
    fmt::print("{}\n", plan_schema());
    return 0;
  }
  if ((what == "show" || what == "check") && which.empty()) {
    say(fmt::format("faults {} needs {}", what, what == "show" ? "a fault" : "a plan"));
    return kExitFailed;
  }
  if (what == "show") return show(which, as_json);
  if (what == "check") return check(which);
  say(fmt::format("there is no 'faults {}'", what) +
      did_you_mean(what, {"list", "show", "check", "schema"}));
  return kExitFailed;
}

}  // namespace detsim
