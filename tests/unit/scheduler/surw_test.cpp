// SURW: with exact numbers of events, all interleavings are equally likely.
#include <doctest/doctest.h>

#include <cmath>

#include "harness.hpp"

using namespace detsim;
using namespace detsim::test;

namespace {

constexpr auto kOther = OperationKind::none;  // not of interest

void expect_lengths(Scheduler& s, const Program& program) {
  for (TaskId i = 0; i < program.size(); ++i) {
    std::uint64_t events = 0;
    for (const auto& operation : program[i]) events += operation.kind != kOther;
    expect_events(s.tasks[i], nullptr, events);
  }
}

/// The order without the events that are not of interest.
Order selected(const Program& program, const Order& order) {
  std::vector<std::size_t> position(program.size());
  Order kept;
  for (const auto thread : order) {
    if (program[thread][position[thread]++].kind != kOther) kept.push_back(thread);
  }
  return kept;
}

std::map<Order, double> sample(const Program& program, const char* strategy, bool profile,
                               int trials) {
  Core core;
  std::map<Order, double> seen;
  for (int trial = 0; trial < trials; ++trial) {
    core.begin(static_cast<std::uint64_t>(trial), strategy);
    const auto order = run(core, program, 1, [&](Scheduler& s) {
      if (profile) expect_lengths(s, program);
    });
    seen[selected(program, order)] += 1;
  }
  return seen;
}

Fit uniform(const std::map<Order, double>& seen, std::size_t classes, int trials) {
  std::vector<double> observed;
  for (const auto& entry : seen) observed.push_back(entry.second);
  observed.resize(classes);
  return chi_square(observed, std::vector<double>(classes, trials / static_cast<double>(classes)));
}

}  // namespace

TEST_CASE("surw: interleavings of unequal threads are uniform, where a random walk is far off") {
  const std::vector<std::vector<std::size_t>> shapes = {{3, 7}, {1, 30}, {2, 3, 4}, {1, 1, 1, 4}};
  for (const auto& lengths : shapes) {
    Program program;
    for (const auto length : lengths) program.push_back(alone(1 + program.size(), length));
    const auto classes = interleavings(lengths).size();
    const int trials = static_cast<int>(200 * classes);
    const auto fit = uniform(sample(program, "surw", true, trials), classes, trials);
    const auto walk = uniform(sample(program, "random", true, trials), classes, trials);
    MESSAGE(classes, " interleavings: chi-square ", fit.statistic, " of ", fit.bound, ", walk ",
            walk.statistic);
    CHECK(fit.good());
    CHECK(walk.statistic > 10 * walk.bound);
  }
}

TEST_CASE("surw: uniform over the events of interest, whatever surrounds them") {
  Program program = {alone(1, 2), alone(2, 3), alone(3, 2)};
  const auto others = Thread(9, on(0, kOther));
  program[0].insert(program[0].begin(), others.begin(), others.end());
  program[1].insert(program[1].begin() + 1, others.begin(), others.begin() + 5);
  program[2].insert(program[2].end(), others.begin(), others.end());
  const auto classes = interleavings({2, 3, 2}).size();
  const int trials = static_cast<int>(200 * classes);
  CHECK(uniform(sample(program, "surw", true, trials), classes, trials).good());
  CHECK(!uniform(sample(program, "random", true, trials), classes, trials).good());
}

TEST_CASE("surw: events that are not of interest still go in every order") {
  // One event of interest and one other each: all six interleavings must be seen.
  const Program program = {{on(0, kOther), on(1)}, {on(0, kOther), on(1)}};
  Core core;
  std::map<Order, int> seen;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    core.begin(seed, "surw");
    ++seen[run(core, program, seed, [&](Scheduler& s) { expect_lengths(s, program); })];
  }
  CHECK(seen.size() == 6);
}

TEST_CASE("surw: without a profile, Polya's urn") {
  // P(order) is the product of (own events so far + 1) / (all events so far + threads alive)
  // until one thread is left: checked exactly, and against the polynomial bound.
  const std::vector<std::size_t> lengths = {3, 6};
  const Program program = {alone(1, 3), alone(2, 6)};
  const int trials = 40000;
  const auto seen = sample(program, "surw", false, trials);
  const auto all = interleavings(lengths);
  std::vector<double> observed, expected;
  for (const auto& order : all) {
    double probability = 1;
    std::size_t executed[2] = {};
    for (const auto thread : order) {
      if (executed[0] == 3 || executed[1] == 6) break;
      probability *= static_cast<double>(executed[thread] + 1) /
                     static_cast<double>(executed[0] + executed[1] + 2);
      ++executed[thread];
    }
    // n events and two threads: at least a tenth of the uniform 1/84.
    CHECK(probability >= 1.0 / 84 / 10 * (1 - 1e-9));
    observed.push_back(seen.contains(order) ? seen.at(order) : 0);
    expected.push_back(probability * trials);
  }
  CHECK(chi_square(observed, expected).good());
}

TEST_CASE("surw: a parent carries its children's events until they start") {
  // The parent: two events, a start, three more; the child: three; another thread: two. Uniform
  // over all orders that respect the start.
  Core core;
  std::map<Order, double> seen;
  std::size_t classes = 0;
  for (const auto& order : interleavings({5, 3, 2})) {
    int parent = 0;
    bool possible = true;
    for (const auto thread : order) {
      if (thread == 1 && parent < 2) possible = false;
      parent += thread == 0;
    }
    classes += possible;
  }
  const int trials = static_cast<int>(100 * classes);
  for (int trial = 0; trial < trials; ++trial) {
    const auto seed = static_cast<std::uint64_t>(trial);
    core.begin(seed, "surw");
    Task* parent = core->start(nullptr, seed);
    Task* other = core->start(nullptr, seed);
    expect_events(*parent, nullptr, 8);
    expect_events(*other, nullptr, 2);
    parent->next = on(1);
    other->next = on(2);
    Order order;
    std::uint32_t label_of[3] = {0, 2, 1};  // ids are reused, so labels are kept apart
    int executed[3] = {};
    int parent_steps = 0;
    Task* current = nullptr;
    while (Task* task = core->decide(current)) {
      current = task;
      if (task == parent && parent_steps++ == 2) {  // the start: not of interest
        Task* child = core->start(parent, seed);
        expect_events(*child, parent, 3);
        child->next = on(3);
        label_of[child->id] = 1;
        parent->next = on(1);
        continue;
      }
      const auto label = label_of[task->id];
      order.push_back(label);
      const int count = ++executed[label];
      if (task == parent && count == 2) task->next = on(0, kOther);
      if (count == (label == 0 ? 5 : label == 1 ? 3 : 2)) {
        core->end(*task);
        current = nullptr;
      }
    }
    seen[order] += 1;
  }
  REQUIRE(seen.size() <= classes);
  const auto fit = uniform(seen, classes, trials);
  MESSAGE(classes, " orders: chi-square ", fit.statistic, " of ", fit.bound);
  CHECK(fit.good());
}

TEST_CASE("surw: a profile that is wrong costs uniformity, never progress") {
  Core core;
  const Program program = {alone(1, 4), alone(2, 4), alone(3, 4)};
  for (const std::uint64_t told : {0ull, 1ull, 1000ull, ~0ull}) {
    std::map<Order, int> seen;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      core.begin(seed, "surw");
      const auto order = run(core, program, seed, [&](Scheduler& s) {
        expect_events(s.tasks[0], nullptr, told);
        expect_events(s.tasks[1], nullptr, 4);
      });
      CHECK(order.size() == 12);
      ++seen[order];
    }
    CHECK(seen.size() > 5);
  }
}

TEST_CASE("surw: with N, other objects are of interest in other runs") {
  Core core;
  std::map<std::uint64_t, int> counted;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    core.begin(seed, "surw", 4);
    core->start(nullptr, seed);
    for (std::uint64_t object = 1; object <= 8; ++object) {
      core->tasks[0].next = on(object);
      const auto before = core->tasks[0].strategy.steps;
      core->decide(nullptr);
      counted[object] += core->tasks[0].strategy.steps != before;
    }
  }
  for (const auto& [object, runs] : counted) {
    CHECK(std::abs(runs / 400.0 - 0.25) < tolerance(0.25, 400));
  }
}
