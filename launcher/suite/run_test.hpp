// Runs the tests of a suite: each run in a directory of its own, with what comes after it.
#pragma once
#include <string>
#include <vector>

#include "launcher/suite/growth.hpp"
#include "launcher/suite/properties.hpp"
#include "launcher/suite/suite.hpp"

namespace detsim::suite {

struct RunSuite {
  std::string directory;  // for results; absolute
  Profile profile;
  Watch* watch = nullptr;  // for a profile that soaks
};

/// A property that did not hold, over all runs of a test.
struct BrokenProperty {
  Broken first;
  std::uint64_t count = 0;  // runs; 0: of the test as a whole
  std::uint64_t seed = 0;
  std::string strategy, faults;
  std::string directory;  // what is kept of the first of them; empty: nothing
  std::string problem;    // why nothing is
};

struct TestResult {
  std::string name;
  std::uint64_t runs = 0, failed = 0;
  std::uint64_t wall_ns = 0;
  std::vector<BrokenProperty> broken;
  std::string refused;  // it cannot be run at all, and this is why
  bool interrupted = false;
  bool holds() const { return runs > 0 && broken.empty() && refused.empty() && !interrupted; }
};

TestResult run_test(const Suite& suite, const Test& test, const RunSuite& options);

}  // namespace detsim::suite
