#include <doctest/doctest.h>

#include "harness.hpp"

using namespace detsim;
using namespace detsim::test;

TEST_CASE("random: every runnable task is equally likely at every point") {
  Core core;
  for (const std::uint32_t tasks : {2u, 3u, 7u, 100u}) {
    core.begin(17 + tasks);
    for (std::uint32_t i = 0; i < tasks; ++i) core->start(nullptr, 1);
    const std::uint32_t draws = 2000 * tasks;
    std::vector<double> chosen(tasks);
    for (std::uint32_t i = 0; i < draws; ++i) chosen[core->decide(nullptr)->id] += 1;
    CHECK(chi_square(chosen, std::vector<double>(tasks, draws / tasks)).good());
    CHECK(core->decisions == draws);
  }
}

TEST_CASE("random: successive choices are independent") {
  Core core;
  core.begin(3);
  for (int i = 0; i < 4; ++i) core->start(nullptr, 1);
  std::vector<double> pairs(16);
  TaskId last = core->decide(nullptr)->id;
  for (int i = 0; i < 64000; ++i) {
    const TaskId next = core->decide(nullptr)->id;
    pairs[last * 4 + next] += 1;
    last = next;
  }
  CHECK(chi_square(pairs, std::vector<double>(16, 4000)).good());
}

TEST_CASE("random: an interleaving has the product of its choices' probabilities") {
  // Two threads of two events: AABB and BBAA need two choices, the others three.
  Core core;
  std::map<Order, double> seen;
  const int trials = 16000;
  for (std::uint64_t seed = 0; seed < trials; ++seed) {
    core.begin(seed);
    seen[run(core, {alone(1, 2), alone(2, 2)}, seed)] += 1;
  }
  std::vector<double> observed, expected;
  for (const auto& [order, count] : seen) {
    observed.push_back(count);
    expected.push_back(order[0] == order[1] ? trials / 4.0 : trials / 8.0);
  }
  REQUIRE(observed.size() == 6);
  CHECK(chi_square(observed, expected).good());
}
