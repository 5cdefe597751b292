#include "launcher/explore/test_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "launcher/explore/one_run.hpp"
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
    // Tests of one name are run together, whichever is asked for.
    const bool is_known = std::any_of(list.tests.begin(), list.tests.end(),
                                      [&](const TestCase& test) { return test.name == name; });
    if (!is_known) list.tests.push_back({name, {filter_for(*framework, name)}});
  }
  if (list.tests.empty()) {
    list.problem = fmt::format("'{}' lists no tests ({}): {}", run.command[0], framework->name,
                               listed.error.substr(0, 300));
  }
  return list;
}

}  // namespace detsim
