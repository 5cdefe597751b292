// The tests of a program that is made with GoogleTest, Catch2 or doctest: asked of it, in a run.
#pragma once
#include <string>
#include <vector>

#include "launcher/run.hpp"

namespace detsim {

struct TestCase {
  std::string name;
  std::vector<std::string> arguments;  // that make the program run nothing else
};

struct TestList {
  std::string problem;  // not empty: there is none
  std::vector<TestCase> tests;
};

TestList list_tests(const RunOptions& run);

// -- what the programs print
std::vector<std::string> parse_google_tests(const std::string& text);
std::vector<std::string> parse_catch_tests(const std::string& text);
std::vector<std::string> parse_doctest_tests(const std::string& text);

}  // namespace detsim
