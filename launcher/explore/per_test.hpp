// `detsim explore --per-test`: the tests of a program that is made with GoogleTest, Catch2 or
// doctest, each explored by itself, so that a run is one test in a world of its own.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "launcher/explore/explorer.hpp"

namespace detsim {

struct TestCase {
  std::string name;
  std::vector<std::string> arguments;  // that make the program run nothing else
};

struct TestList {
  std::string problem;  // not empty: there is none
  std::vector<TestCase> tests;
};

/// Asks the program, in a run.
TestList list_tests(const RunOptions& run);

// -- what the programs print
std::vector<std::string> parse_google_tests(const std::string& text);
std::vector<std::string> parse_catch_tests(const std::string& text);
std::vector<std::string> parse_doctest_tests(const std::string& text);

/// Explores one test after the other, in directories below that of `options`; `told` is called for
/// each that ended.
Exploration explore_tests(const ExploreOptions& options, const std::vector<TestCase>& tests,
                          const std::function<void(const TestTotal&)>& told);

}  // namespace detsim
