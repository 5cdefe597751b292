// `detsim suite`: what a project's tests are, and whether everything holds.
#include <fmt/format.h>
#include <fnmatch.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "launcher/command_line.hpp"
#include "launcher/explore/failure_directory.hpp"
#include "launcher/say.hpp"
#include "launcher/suite/run_test.hpp"
#include "launcher/values.hpp"
#include "launcher/xml.hpp"

namespace detsim {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct SuiteOptions {
  std::vector<std::string> words;  // the action
  std::string file = "detsim.yaml", profile = "ci", pattern, directory = "detsim-suite", json,
              junit;
  bool quiet = false;
  std::string program;
};

int misused(const std::string& words) {
  say(words);
  return kExitFailed;
}

std::string count_words(const suite::Test& test, const suite::Profile& profile) {
  if (test.has_seeds && !profile.soaks) {
    return fmt::format("seeds {}..{}", test.seeds.first, test.seeds.last);
  }
  if (profile.runs != 0) return fmt::format("{} seeds", profile.runs);
  return duration_text(profile.duration_ns);
}

int list(const suite::Suite& suite, const std::vector<const suite::Test*>&, const SuiteOptions&) {
  for (const auto& test : suite.tests) {
    std::string command, profiles;
    for (const auto& word : test.command) command += " " + shell_quoted(word);
    for (const auto& [name, profile] : suite.profiles) {
      if (!belongs_to(test, name)) continue;
      profiles +=
          fmt::format("{}{}: {}", profiles.empty() ? "" : ", ", name, count_words(test, profile));
    }
    fmt::print("{}\n     {}\n     {}; {} with faults: {}\n", test.name, command.substr(1), profiles,
               "each", fmt::join(test.faults, ", "));
  }
  return 0;
}

std::string replay_of(const suite::BrokenProperty& broken, const std::string& program) {
  return fmt::format("{} replay {}", shell_quoted(program), shell_quoted(broken.directory));
}

void print(const suite::TestResult& result, const SuiteOptions& options) {
  const auto seconds = static_cast<double>(result.wall_ns) / 1e9;
  if (result.holds()) {
    if (!options.quiet) {
      fmt::print("ok      {}: {} runs, {:.1f} s\n", result.name, result.runs, seconds);
    }
    return;
  }
  if (result.interrupted)
    return fmt::print("ended   {}: after {} runs\n", result.name, result.runs);
  if (!result.refused.empty()) return fmt::print("REFUSED {}: {}\n", result.name, result.refused);
  fmt::print("FAILED  {}: {} of {} runs, {:.1f} s\n", result.name, result.failed, result.runs,
             seconds);
  for (const auto& broken : result.broken) {
    if (broken.count == 0) {
      fmt::print("        {}: {}\n", broken.first.property, broken.first.words);
      continue;
    }
    fmt::print("        {}, {} runs: {}\n          seed {}, {}, faults {}\n          {}\n",
               broken.first.property, broken.count, broken.first.words, broken.seed,
               broken.strategy, broken.faults,
               broken.directory.empty() ? "not kept: " + broken.problem
                                        : replay_of(broken, options.program));
  }
}

Json json_of(const suite::TestResult& result, const std::string& program) {
  Json json = {{"name", result.name},
               {"holds", result.holds()},
               {"runs", result.runs},
               {"failed", result.failed},
               {"wall_ns", result.wall_ns}};
  if (!result.refused.empty()) json["refused"] = result.refused;
  auto& all = json["broken"] = Json::array();
  for (const auto& broken : result.broken) {
    Json one = {{"property", broken.first.property},
                {"message", broken.first.words},
                {"runs", broken.count}};
    if (broken.count != 0) {
      one["seed"] = broken.seed;
      one["strategy"] = broken.strategy;
      one["faults"] = broken.faults;
      one["dir"] = broken.directory;
      one["replay"] = broken.directory.empty() ? "" : replay_of(broken, program);
    }
    all.push_back(one);
  }
  return json;
}

bool write_json(const SuiteOptions& options, const std::vector<suite::TestResult>& results) {
  if (options.json.empty()) return true;
  Json json = {{"schema", 1}, {"detsim", DETSIM_VERSION}, {"profile", options.profile}};
  auto& tests = json["tests"] = Json::array();
  for (const auto& result : results) tests.push_back(json_of(result, options.program));
  return write_file(options.json, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

// A case per test; what could not be run is an error.
std::string junit_text(const SuiteOptions& options, const std::vector<suite::TestResult>& results) {
  std::string cases;
  std::size_t failed = 0, refused = 0;
  for (const auto& result : results) {
    std::string body;
    if (!result.refused.empty()) {
      ++refused;
      body = fmt::format("<error message=\"{}\"/>\n", xml_escaped(result.refused));
    } else if (!result.holds()) {
      ++failed;
      for (const auto& broken : result.broken) {
        body += fmt::format(
            "<failure type=\"{}\" message=\"{}\">{}\n{}</failure>\n",
            xml_escaped(broken.first.property), xml_escaped(broken.first.words),
            counted(broken.count, "run"),
            broken.directory.empty() ? "" : xml_escaped(replay_of(broken, options.program)));
      }
      if (result.interrupted) body += "<failure type=\"interrupted\" message=\"interrupted\"/>\n";
    }
    cases += fmt::format(
        "<testcase classname=\"detsim.suite\" name=\"{}\" time=\"{:.3f}\">\n{}</testcase>\n",
        xml_escaped(result.name), static_cast<double>(result.wall_ns) / 1e9, body);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"detsim suite: "
      "{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n{}</testsuite>\n</testsuites>\n",
      xml_escaped(options.profile), results.size(), failed, refused, cases);
}

int run(const suite::Suite& suite, const std::vector<const suite::Test*>& tests,
        const SuiteOptions& options) {
  if (tests.empty()) return misused("no test of the suite is selected");
  suite::RunSuite how{.directory = fs::absolute(options.directory).string(),
                      .profile = suite.profiles.at(options.profile)};
  suite::Watch watch;
  if (how.profile.soaks) {
    if (!watch.divide()) return misused("cannot start the process that watches");
    how.watch = &watch;
  }
  std::vector<suite::TestResult> results;
  std::size_t held = 0;
  bool refused = false, interrupted = false;
  for (const auto* test : tests) {
    results.push_back(run_test(suite, *test, how));
    const auto& result = results.back();
    print(result, options);
    std::fflush(stdout);
    held += result.holds() ? 1 : 0;
    refused = refused || !result.refused.empty();
    interrupted = result.interrupted;
    if (interrupted) break;
  }
  std::error_code error;
  fs::remove(how.directory, error);  // if it is empty
  if (!options.quiet) {
    fmt::print("{} of {} tests hold (profile {})\n", held, tests.size(), options.profile);
  }
  if (!write_json(options, results)) return misused(fmt::format("cannot write '{}'", options.json));
  if (!options.junit.empty() && !write_file(options.junit, junit_text(options, results))) {
    return misused(fmt::format("cannot write '{}'", options.junit));
  }
  if (refused) return kExitFailed;
  return held == tests.size() && !interrupted ? 0 : 1;
}

int act(const SuiteOptions& options) {
  const auto& action = options.words[0];
  if (action == "schema") {
    fmt::print("{}", suite::suite_schema());
    return 0;
  }
  if (action != "run" && action != "list") {
    return misused(fmt::format("there is no action '{}'{}", action,
                               did_you_mean(action, {"run", "list", "schema"})));
  }
  suite::Suite suite;
  const auto problem = read_suite(options.file, suite);
  if (!problem.empty()) return misused(problem);
  std::vector<std::string> profiles;
  for (const auto& [name, profile] : suite.profiles) profiles.push_back(name);
  if (!suite.profiles.contains(options.profile)) {
    return misused(fmt::format("there is no profile '{}'{}", options.profile,
                               did_you_mean(options.profile, profiles)));
  }
  std::vector<const suite::Test*> tests;
  for (const auto& test : suite.tests) {
    const bool is_named =
        options.pattern.empty() || fnmatch(options.pattern.c_str(), test.name.c_str(), 0) == 0;
    if (is_named && belongs_to(test, options.profile)) tests.push_back(&test);
  }
  return action == "list" ? list(suite, tests, options) : run(suite, tests, options);
}

}  // namespace

int verb_suite(const Invocation& invocation) {
  SuiteOptions options;
  options.program = invocation.program;
  CLI::App app("Runs the tests of a suite, and says whether everything holds.",
               invocation.program + " suite");
  app.add_option("action", options.words, "run; list: what is in it; schema: of its file, as JSON")
      ->type_name("ACTION");
  app.add_option("--file,-f", options.file, "The suite. Default: detsim.yaml")->type_name("FILE");
  app.add_option("--profile", options.profile, "How much: smoke, ci, nightly, soak. Default: ci")
      ->type_name("NAME");
  app.add_option("--test", options.pattern, "Only tests with a name like this: store*")
      ->type_name("PATTERN");
  app.add_option("--dir", options.directory,
                 "Where the runs are, and what fails is kept. Default: detsim-suite")
      ->type_name("DIR");
  app.add_option("--json", options.json, "Write what came of it to this file, for programs")
      ->type_name("FILE");
  app.add_option("--junit", options.junit, "The same as JUnit XML")->type_name("FILE");
  app.add_flag("--quiet,-q", options.quiet, "Tell only of what does not hold");
  app.footer(
      "Exit status: 0 everything held; 1 something did not; 125 the suite is wrong, nothing was\n"
      "selected, or something could not be run.");
  if (const auto code = parse_command_line(app, invocation, nullptr)) return *code;
  if (options.words.size() != 1) return misused("one action, please; see `detsim suite --help`");
  return act(options);
}

}  // namespace detsim
