#include "launcher/explore/per_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "launcher/explore/one_run.hpp"
#include "launcher/explore/results.hpp"
#include "launcher/target.hpp"
#include "launcher/whole_file.hpp"

namespace detsim {
namespace {

// One row per framework: how its programs are known, asked, and told to run one test.
struct Framework {
  const char* name;
  std::vector<std::string> marks;  // that its programs hold, all of them
  std::vector<std::string> list;   // arguments
  std::vector<std::string> (*parse)(const std::string&);
  std::string filter;   // in front of a test's name
  const char* special;  // in a name: a backslash goes in front
};

const std::vector<Framework>& frameworks() {
  static const std::vector<Framework> all = {
      {"GoogleTest",
       {"gtest_list_tests"},
       {"--gtest_list_tests"},
       parse_google_tests,
       "--gtest_filter=",
       ""},
      {"GoogleTest",
       {"libgtest.so"},
       {"--gtest_list_tests"},
       parse_google_tests,
       "--gtest_filter=",
       ""},
      {"doctest",
       {"doctest", "list-test-cases"},
       {"--list-test-cases"},
       parse_doctest_tests,
       "--test-case=",
       ",\\"},
      {"Catch2",
       {"list-test-names-only"},
       {"--list-test-names-only"},
       parse_catch_tests,
       "",
       "\\,[]\"*"},
      {"Catch2",
       {"Catch", "list-tests"},
       {"--list-tests", "--verbosity", "quiet"},
       parse_catch_tests,
       "",
       "\\,[]\"*"},
  };
  return all;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string without_end(std::string text) {
  text.erase(text.find_last_not_of(" \t\r") + 1);
  return text;
}

std::string filter_for(const Framework& framework, const std::string& name) {
  auto filter = framework.filter;
  for (const char c : name) {
    if (std::string(framework.special).find(c) != std::string::npos) filter += '\\';
    filter += c;
  }
  return filter;
}

const Framework* framework_of(const RunOptions& run) {
  const char* path = std::getenv("PATH");
  const auto target = find_target(run.command, path == nullptr ? "/bin:/usr/bin" : path);
  if (target.refused != 0) return nullptr;
  const auto program = whole_file(target.path).value_or("");
  for (const auto& framework : frameworks()) {
    const bool fits =
        std::all_of(framework.marks.begin(), framework.marks.end(),
                    [&](const auto& mark) { return program.find(mark) != std::string::npos; });
    if (fits) return &framework;
  }
  return nullptr;
}

// A file name, however the test is called.
std::string directory_for(const ExploreOptions& options, std::size_t number,
                          const std::string& name) {
  std::string plain;
  for (const char c : name.substr(0, 60)) {
    plain += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ? c : '_';
  }
  return fmt::format("{}/{:03}-{}", options.directory, number + 1, plain);
}

// What one test came to, as part of all.
void take(BranchTotals& all, const BranchTotals& one) {
  all.children_per_place = one.children_per_place;
  all.roots += one.roots;
  all.places += one.places;
  all.children += one.children;
  all.events += one.events;
  all.executed_events += one.executed_events;
  if (all.refused.empty()) all.refused = one.refused;
}

void take(Exploration& all, const std::string& test, const Exploration& done) {
  all.runs += done.runs;
  all.failed += done.failed;
  all.wall_ns += done.wall_ns;
  all.interrupted |= done.interrupted;
  all.schedules.merge(done.schedules);
  all.outcomes.merge(done.outcomes);
  all.faults.merge(done.faults);
  all.properties.merge(done.properties);
  take(all.branching, done.branching);
  for (const auto& [name, total] : done.strategies) {
    all.strategies[name].runs += total.runs;
    all.strategies[name].failed += total.failed;
  }
  for (const auto& [signature, bucket] : done.buckets) {
    if (bucket.count == 0) continue;  // a property: it is judged over all tests
    auto& kept = all.buckets[test + ": " + signature] = bucket;
    kept.test = test;
    kept.failure.signature = test + ": " + signature;
    kept.failure.message = test + ": " + bucket.failure.message;
  }
}

}  // namespace

// Suite.
//   Case  # GetParam() = 3
std::vector<std::string> parse_google_tests(const std::string& text) {
  std::vector<std::string> names;
  std::string suite;
  for (const auto& line : lines_of(text)) {
    const auto word = without_end(line.substr(0, line.find('#')));
    if (line.starts_with("  ")) {
      const auto name = word.substr(word.find_first_not_of(' '));
      const bool is_disabled =
          suite.find("DISABLED_") != suite.npos || name.starts_with("DISABLED_");
      if (!suite.empty() && !is_disabled) names.push_back(suite + name);
    } else if (word.ends_with('.')) {
      suite = word;
    }
  }
  return names;
}

// A name on each line.
std::vector<std::string> parse_catch_tests(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& line : lines_of(text)) {
    const auto name = without_end(line);
    if (!name.empty()) names.push_back(name.substr(name.find_first_not_of(' ')));
  }
  return names;
}

// Names between two rulers, with words of its own around them.
std::vector<std::string> parse_doctest_tests(const std::string& text) {
  std::vector<std::string> names;
  int rulers = 0;
  for (const auto& line : lines_of(text)) {
    const auto name = without_end(line);
    if (name.starts_with("=====")) {
      ++rulers;
    } else if (rulers == 1 && !name.empty()) {
      names.push_back(name);
    }
  }
  return names;
}

TestList list_tests(const RunOptions& run) {
  const auto* framework = framework_of(run);
  if (framework == nullptr) {
    return {
        .problem = fmt::format("'{}' is not made with GoogleTest, Catch2 or doctest: --per-test "
                               "cannot ask it for its tests",
                               run.command[0]),
        .tests = {}};
  }
  auto asked = run;
  asked.faults = {};
  asked.command.insert(asked.command.end(), framework->list.begin(), framework->list.end());
  Runner runner;
  const auto listed = runner.run(asked);
  if (listed.result.refused != 0) return {.problem = listed.result.problem, .tests = {}};
  TestList list;
  for (const auto& name : framework->parse(listed.output)) {
    list.tests.push_back({name, {filter_for(*framework, name)}});
  }
  if (list.tests.empty()) {
    list.problem = fmt::format("'{}' lists no tests ({}): {}", run.command[0], framework->name,
                               listed.error.substr(0, 300));
  }
  return list;
}

Exploration explore_tests(const ExploreOptions& options, const std::vector<TestCase>& tests,
                          const std::function<void(const TestTotal&)>& told) {
  Exploration all;
  for (std::size_t i = 0; i < tests.size() && !all.interrupted; ++i) {
    auto one = options;
    one.quiet = true;
    one.directory = directory_for(options, i, tests[i].name);
    if (options.duration_ns != kNever) one.duration_ns = options.duration_ns / tests.size();
    auto& command = one.run.command;
    command.insert(command.end(), tests[i].arguments.begin(), tests[i].arguments.end());
    const auto done = explore(one);
    if (done.refused != 0) {
      all.refused = done.refused;
      all.problem = tests[i].name + ": " + done.problem;
      return all;
    }
    take(all, tests[i].name, done);
    all.tests.push_back({tests[i].name, done.runs, done.failed, done.wall_ns});
    told(all.tests.back());
    if (done.failed == 0 && !options.keeps_directory) discard_results(one.directory);
    if (options.until_failure && done.failed > 0) break;
  }
  judge_properties(options, all);
  std::error_code error;
  std::filesystem::remove(options.directory, error);  // if it is empty
  return all;
}

}  // namespace detsim
