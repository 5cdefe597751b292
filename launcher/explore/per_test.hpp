// `detsim explore --per-test`: the tests of a program, each explored by itself, so that a run is
// one test in a world of its own; several side by side, and one report of all.
#pragma once
#include <functional>
#include <vector>

#include "launcher/explore/results.hpp"
#include "launcher/explore/test_list.hpp"

namespace detsim {

/// Explores all tests, in directories below that of `options`; `told` is called for each that
/// ended. The result has a row per run if `has_rows`, and its bucket names their test.
Results explore_tests(const ExploreOptions& options, const std::vector<TestCase>& tests,
                      bool has_rows, const std::function<void(const TestTotal&)>& told);

}  // namespace detsim
