// A table of keys for each map of a suite, from which both the reader and the schema are made.
#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "faultplan/disk/profiles.hpp"
#include "faultplan/reading/yaml.hpp"
#include "launcher/fault_texts.hpp"
#include "launcher/suite/suite.hpp"

namespace detsim::suite {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Node = YAML::Node;
using Words = std::vector<std::string>;
using yaml::check, yaml::number_of, yaml::refuse, yaml::text_of;

struct Key {
  const char* name;
  Json schema;
  yaml::Read read;
};
using KeyTable = std::vector<Key>;

void read_table(const Node& map, const std::string& what, const KeyTable& table) {
  yaml::Keys keys;
  for (const auto& key : table) keys.emplace_back(key.name, key.read);
  yaml::read_map(map, what, keys);
}

Json schema_of(const KeyTable& table, const Words& required = {}) {
  Json properties = Json::object();
  for (const auto& key : table) properties[key.name] = key.schema;
  Json schema = {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

// -- kinds of values

const Json kText = {{"type", "string"}};
const Json kTexts = {{"type", "array"}, {"items", kText}};
const Json kCommand = {
    {"type", "array"}, {"items", {{"type", {"string", "number", "boolean"}}}}, {"minItems", 1}};
const Json kDuration = {{"type", {"string", "number"}}, {"pattern", "^[0-9.]+(ns|us|ms|s|m|h)?$"}};
const Json kCount = {{"type", "integer"}, {"minimum", 1}};
const Json kMap = {{"type", "object"}, {"additionalProperties", kText}};

Json one_of(const Words& words) { return {{"type", "string"}, {"enum", words}}; }

Json one_or_more(const Json& schema) {
  return {{"anyOf", {schema, {{"type", "array"}, {"items", schema}}}}};
}

Words list_of(const Node& node, const std::string& key) {
  if (!node.IsSequence()) refuse(node, fmt::format("'{}' is a list", key));
  Words list;
  for (const auto& each : node) list.push_back(text_of(each, key));
  return list;
}

Words command_of(const Node& node, const std::string& key) {
  auto command = list_of(node, key);
  if (command.empty() || command[0].empty()) {
    refuse(node, fmt::format("'{}' is a list of words, of which the first is a program", key));
  }
  return command;
}

std::string choice_of(const Node& node, const std::string& key, const Words& words) {
  const auto text = text_of(node, key);
  if (std::find(words.begin(), words.end(), text) == words.end()) {
    refuse(node, fmt::format("there is no '{}' for '{}'", text, key) + did_you_mean(text, words));
  }
  return text;
}

template <typename Visit>
void for_one_or_more(const Node& node, Visit visit) {
  if (!node.IsSequence()) return visit(node);
  for (const auto& each : node) visit(each);
}

// -- maps

KeyTable keys_of(Input& input) {
  return {
      {"text", kText,
       [&](const Node& v) { input.kind = InputKind::text, input.text = text_of(v, "text"); }},
      {"file", kText,
       [&](const Node& v) { input.kind = InputKind::file, input.text = text_of(v, "file"); }},
      {"keys", one_of({"uniform", "zipfian"}),
       [&](const Node& v) {
         const auto kind = choice_of(v, "keys", {"uniform", "zipfian"});
         input.kind = kind == "uniform" ? InputKind::uniform : InputKind::zipfian;
       }},
      {"among", kCount, [&](const Node& v) { input.among = number_of(v, "among", 1, 10'000'000); }},
      {"count", kCount, [&](const Node& v) { input.count = number_of(v, "count", 1, 10'000'000); }},
      {"exponent",
       {{"type", "number"}},
       [&](const Node& v) {
         char* end = nullptr;
         const auto text = text_of(v, "exponent");
         input.exponent = std::strtod(text.c_str(), &end);
         if (*end != 0 || text.empty() || !(input.exponent >= 0 && input.exponent <= 10)) {
           refuse(v, fmt::format("'{}' is no exponent from 0 to 10", text));
         }
       }},
      {"line", kText, [&](const Node& v) {
         input.line = text_of(v, "line");
         if (input.line.find("{key}") == input.line.npos) refuse(v, "it has no '{key}' in it");
       }}};
}

void read_input(const Node& map, Input& input) {
  input = {};
  read_table(map, "'input'", keys_of(input));
  if (input.kind == InputKind::empty) refuse(map, "'input' needs 'text', 'file' or 'keys'");
  if ((map["text"] ? 1 : 0) + (map["file"] ? 1 : 0) + (map["keys"] ? 1 : 0) > 1) {
    refuse(map, "'text', 'file' and 'keys' exclude each other");
  }
}

KeyTable keys_of(Match& match) {
  const auto read = [&match](bool wanted) {
    return [&match, wanted](const Node& v) {
      match = {text_of(v, "a regular expression"), wanted};
      regex_t compiled;
      const int error = regcomp(&compiled, match.pattern.c_str(), REG_EXTENDED | REG_NOSUB);
      char words[128] = {};
      regerror(error, &compiled, words, sizeof words);
      if (error != 0) {
        refuse(v, fmt::format("'{}' is no regular expression: {}", match.pattern, words));
      }
      regfree(&compiled);
    };
  };
  return {{"matches", kText, read(true)}, {"lacks", kText, read(false)}};
}

void read_matches(const Node& node, std::vector<Match>& list) {
  list.clear();
  for_one_or_more(node, [&](const Node& each) {
    Match match;
    read_table(each, "what output is like", keys_of(match));
    if (each.size() != 1) refuse(each, "one of 'matches' and 'lacks' is needed");
    list.push_back(match);
  });
}

const Words kHeld = {"always", "sometimes"}, kReached = {"always", "sometimes", "never"};

KeyTable keys_of(EventRule& rule) {
  using Kind = EventRule::Kind;
  return {{"event", kText, [&](const Node& v) { rule.event = text_of(v, "event"); }},
          {"held", one_of(kHeld),
           [&](const Node& v) {
             rule.kind =
                 choice_of(v, "held", kHeld) == "always" ? Kind::held_always : Kind::held_sometimes;
           }},
          {"reached", one_of(kReached),
           [&](const Node& v) {
             const auto word = choice_of(v, "reached", kReached);
             rule.kind = word == "always"      ? Kind::reached_always
                         : word == "sometimes" ? Kind::reached_sometimes
                                               : Kind::reached_never;
           }},
          {"at_most", kText, [&](const Node& v) {
             rule.kind = Kind::at_most;
             rule.other = text_of(v, "at_most");
           }}};
}

void read_events(const Node& list, std::vector<EventRule>& events) {
  if (!list.IsSequence()) refuse(list, "'events' is a list");
  events.clear();
  for (const auto& each : list) {
    EventRule rule;
    read_table(each, "an event", keys_of(rule));
    if (rule.event.empty() || each.size() != 2) {
      refuse(each, "it needs 'event' and one of 'held', 'reached' and 'at_most'");
    }
    events.push_back(rule);
  }
}

void read_exits(const Node& node, Properties& properties) {
  properties.exits.clear();
  properties.any_exit = node.IsScalar() && node.Scalar() == "any";
  if (properties.any_exit) return;
  for_one_or_more(node, [&](const Node& each) {
    properties.exits.push_back(static_cast<int>(number_of(each, "exit", 0, 255)));
  });
}

KeyTable keys_of(Properties& p) {
  EventRule event;
  Match match;
  const Json status = {{"type", "integer"}, {"minimum", 0}, {"maximum", 255}};
  const auto matches = one_or_more(schema_of(keys_of(match)));
  return {{"exit",
           {{"anyOf", {one_or_more(status), one_of({"any"})}}},
           [&p](const Node& v) { read_exits(v, p); }},
          {"stdout", matches, [&p](const Node& v) { read_matches(v, p.output); }},
          {"stderr", matches, [&p](const Node& v) { read_matches(v, p.error); }},
          {"files_equal", kMap,
           [&p](const Node& v) {
             if (!v.IsMap()) refuse(v, "'files_equal' is a map from files to files");
             p.equal_files.clear();
             for (const auto& pair : v) {
               p.equal_files.emplace_back(text_of(pair.first, "files_equal"),
                                          text_of(pair.second, "files_equal"));
             }
           }},
          {"checker", kCommand, [&p](const Node& v) { p.checker = command_of(v, "checker"); }},
          {"events",
           {{"type", "array"}, {"items", schema_of(keys_of(event), {"event"})}},
           [&p](const Node& v) { read_events(v, p.events); }}};
}

KeyTable keys_of(Oracle& oracle) {
  return {{"command", kCommand, [&](const Node& v) { oracle.command = command_of(v, "command"); }},
          {"same", kTexts, [&](const Node& v) {
             oracle.same = list_of(v, "same");
             if (oracle.same.empty()) refuse(v, "what is to be the same?");
           }}};
}

Words profile_names() {
  Words names;
  for (unsigned i = 0; i < kProfiles; ++i) {
    names.emplace_back(profile_of(static_cast<ProfileId>(i)).name);
  }
  return names;
}

KeyTable keys_of(Disk& disk) {
  return {{"paths", kTexts, [&](const Node& v) { disk.paths = list_of(v, "paths"); }},
          {"profile", one_of(profile_names()),
           [&](const Node& v) { disk.profile = choice_of(v, "profile", profile_names()); }},
          {"then", kText, [&](const Node& v) { disk.then = text_of(v, "then"); }},
          {"crashes", kCount, [&](const Node& v) {
             disk.crashes = static_cast<std::uint32_t>(number_of(v, "crashes", 1, 1'000'000));
           }}};
}

void read_disk(const Node& map, Disk& disk) {
  disk = {};
  read_table(map, "'disk'", keys_of(disk));
  if (disk.paths.empty()) disk.paths = {"."};
}

KeyTable keys_of(Growth& growth) {
  const auto read = [](std::uint64_t& to, const char* name) {
    return [&to, name](const Node& v) { to = number_of(v, name, 0, 1ull << 50); };
  };
  return {{"memory", kCount, read(growth.memory_bytes, "memory")},
          {"descriptors", kCount, read(growth.descriptors, "descriptors")},
          {"disk", kCount, read(growth.disk_bytes, "disk")}};
}

KeyTable keys_of(RunOptions& run) {
  return {{"virtual", kDuration,
           [&](const Node& v) { run.virtual_limit_ns = yaml::duration_of(v, "virtual"); }},
          {"real", kDuration,
           [&](const Node& v) { run.wall_limit_ns = yaml::duration_of(v, "real"); }}};
}

void read_faults(const Node& node, const Suite& suite, Test& test) {
  test.faults.clear();
  for_one_or_more(node, [&](const Node& each) {
    auto text = text_of(each, "faults");
    if (is_plan_file(text) || fs::is_regular_file(path_in(suite, text))) {
      text = path_in(suite, text);
    }
    RunOptions trial;
    check(each, add_faults(trial, text));
    test.faults.push_back(text);
  });
  if (test.faults.empty()) refuse(node, "an empty list runs nothing; without faults: none");
}

void read_strategies(const Node& node, Test& test) {
  test.strategies.clear();
  for_one_or_more(node, [&](const Node& each) {
    const auto strategy = parse_strategy(text_of(each, "strategies"));
    check(each, strategy.problem);
    test.strategies.push_back(strategy.value);
  });
}

void read_seeds(const Node& node, Test& test) {
  const auto range = parse_range(text_of(node, "seeds"));
  check(node, range.problem);
  test.seeds = range.value;
  test.has_seeds = true;
}

void read_recovery(const Node& node, Test& test) {
  if (!node.IsSequence()) refuse(node, "'recovery' is a list of commands");
  test.recovery.clear();
  for (const auto& each : node) test.recovery.push_back(command_of(each, "recovery"));
}

void read_name(const Node& node, Test& test) {
  test.name = text_of(node, "name");
  if (test.name.empty() || test.name.find('/') != test.name.npos || test.name[0] == '.') {
    refuse(node, "a name is not empty, has no '/', and does not begin with '.'");
  }
}

KeyTable keys_of(const Suite& suite, Test& test) {
  return {
      {"name", kText, [&](const Node& v) { read_name(v, test); }},
      {"command", kCommand, [&](const Node& v) { test.command = command_of(v, "command"); }},
      {"seeds",
       {{"type", {"string", "integer"}}, {"pattern", "^[0-9]+([.][.][0-9]+)?$"}},
       [&](const Node& v) { read_seeds(v, test); }},
      {"strategies", one_or_more(kText), [&](const Node& v) { read_strategies(v, test); }},
      {"faults", one_or_more(kText), [&](const Node& v) { read_faults(v, suite, test); }},
      {"limits", schema_of(keys_of(test.run)),
       [&](const Node& v) { read_table(v, "'limits'", keys_of(test.run)); }},
      {"cpus", kCount,
       [&](const Node& v) {
         test.run.cpus = static_cast<std::uint32_t>(number_of(v, "cpus", 1, 128));
       }},
      {"environment", kTexts,
       [&](const Node& v) { test.run.environment = list_of(v, "environment"); }},
      {"files", kTexts, [&](const Node& v) { test.files = list_of(v, "files"); }},
      {"input", schema_of(keys_of(test.input)), [&](const Node& v) { read_input(v, test.input); }},
      {"disk", schema_of(keys_of(test.disk)), [&](const Node& v) { read_disk(v, test.disk); }},
      {"properties", schema_of(keys_of(test.properties)),
       [&](const Node& v) { read_table(v, "'properties'", keys_of(test.properties)); }},
      {"recovery",
       {{"type", "array"}, {"items", kCommand}},
       [&](const Node& v) { read_recovery(v, test); }},
      {"oracle", schema_of(keys_of(test.oracle), {"command"}),
       [&](const Node& v) {
         test.oracle = {};
         read_table(v, "'oracle'", keys_of(test.oracle));
         if (test.oracle.command.empty()) refuse(v, "'oracle' needs 'command'");
       }},
      {"growth", schema_of(keys_of(test.growth)),
       [&](const Node& v) { read_table(v, "'growth'", keys_of(test.growth)); }},
      {"profiles", kTexts, [&](const Node& v) { test.profiles = list_of(v, "profiles"); }}};
}

// The run has a copy of its disk, which goes with it: only `then` sees what it kept.
void check_disk(const Node& map, const Test& test) {
  if (test.disk.paths.empty()) return;
  const char* other = !test.recovery.empty()                 ? "recovery"
                      : !test.properties.equal_files.empty() ? "files_equal"
                                                             : nullptr;
  if (other == nullptr) return;
  refuse(map["disk"] ? map["disk"] : map,
         fmt::format("'disk' does not go with '{}': what the disk keeps is for its 'then'", other));
}

void read_tests(const Node& list, Suite& suite, const Test& defaults) {
  if (!list.IsSequence()) refuse(list, "'tests' is a list");
  for (const auto& each : list) {
    auto test = defaults;
    read_table(each, "a test", keys_of(suite, test));
    if (test.name.empty()) refuse(each, "a test needs the key 'name'");
    if (test.command.empty()) refuse(each, "a test needs the key 'command'");
    check_disk(each, test);
    for (const auto& other : suite.tests) {
      if (other.name == test.name) {
        refuse(each, fmt::format("there are two tests '{}'", test.name));
      }
    }
    suite.tests.push_back(test);
  }
}

KeyTable keys_of(Profile& profile) {
  return {{"runs", kCount,
           [&](const Node& v) {
             profile.runs = number_of(v, "runs", 1, 1ull << 40);
             profile.duration_ns = kNever;
           }},
          {"time", kDuration, [&](const Node& v) {
             profile.runs = 0;
             profile.duration_ns = yaml::duration_of(v, "time");
           }}};
}

void read_profiles(const Node& map, Suite& suite) {
  if (!map.IsMap()) refuse(map, "'profiles' is a map");
  Words names;
  for (const auto& [name, profile] : suite.profiles) names.push_back(name);
  for (const auto& pair : map) {
    auto& profile = suite.profiles.at(choice_of(pair.first, "profiles", names));
    read_table(pair.second, "a profile", keys_of(profile));
  }
}

void check_profiles(const Node& list, const Suite& suite) {
  Words names;
  for (const auto& [name, profile] : suite.profiles) names.push_back(name);
  for (const auto& test : list) {
    if (!test["profiles"]) continue;
    for (const auto& name : test["profiles"]) choice_of(name, "profiles", names);
  }
}

std::map<std::string, Profile> standard_profiles() {
  return {{"smoke", {.runs = 10}},
          {"ci", {.runs = 100}},
          {"nightly", {.runs = 1000}},
          {"soak", {.duration_ns = 600ull * 1000000000, .soaks = true}}};
}

Test standard_test() {
  Test test;
  test.run.wall_limit_ns = 30ull * 1000000000;
  test.run.quiet = true;
  return test;
}

void read_root(const Node& root, Suite& suite) {
  auto defaults = standard_test();
  const auto nothing = [](const Node&) {};
  // In this order, whatever theirs is in the file.
  yaml::read_map(root, "a suite",
                 {{"defaults", nothing}, {"profiles", nothing}, {"tests", nothing}});
  if (root["defaults"]) {
    read_table(root["defaults"], "'defaults'", keys_of(suite, defaults));
    if (!defaults.name.empty()) refuse(root["defaults"]["name"], "a name is for one test");
    if (root["defaults"]["profiles"]) {
      Words names;
      for (const auto& [name, profile] : suite.profiles) names.push_back(name);
      for (const auto& each : root["defaults"]["profiles"]) choice_of(each, "profiles", names);
    }
  }
  if (root["profiles"]) read_profiles(root["profiles"], suite);
  if (!root["tests"]) refuse(root, "a suite needs the key 'tests'");
  read_tests(root["tests"], suite, defaults);
  check_profiles(root["tests"], suite);
}

}  // namespace

std::string read_suite_text(const std::string& text, const std::string& name, Suite& suite) {
  suite.profiles = standard_profiles();
  auto problem = yaml::read(text, name, [&](const Node& root) { read_root(root, suite); });
  if (problem.empty() && suite.tests.empty()) problem = name + ": a suite without tests";
  return problem;
}

std::string read_suite(const std::string& path, Suite& suite) {
  std::string text, problem;
  if (!yaml::read_file(path, "the suite", text, problem)) return problem;
  suite.directory = fs::absolute(path).parent_path().string();
  return read_suite_text(text, path, suite);
}

std::string suite_schema() {
  Suite suite;
  Test test;
  Profile profile;
  const auto keys = keys_of(suite, test);
  Json profiles = Json::object();
  for (const auto& [name, each] : standard_profiles()) profiles[name] = schema_of(keys_of(profile));
  const Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "detsim suite"},
      {"type", "object"},
      {"additionalProperties", false},
      {"required", {"tests"}},
      {"properties",
       {{"defaults", schema_of(keys)},
        {"profiles",
         {{"type", "object"}, {"additionalProperties", false}, {"properties", profiles}}},
        {"tests", {{"type", "array"}, {"minItems", 1}, {"items", schema_of(keys, {"name"})}}}}}};
  return schema.dump(2) + "\n";
}

std::string path_in(const Suite& suite, const std::string& path) {
  return (fs::path(suite.directory) / path).lexically_normal().string();
}

bool belongs_to(const Test& test, const std::string& profile) {
  return test.profiles.empty() ||
         std::find(test.profiles.begin(), test.profiles.end(), profile) != test.profiles.end();
}

}  // namespace detsim::suite
