// The bound of the paper: a bug that needs d ordering constraints, among n tasks and k steps,
// shows with probability at least 1/(n k^(d-1)).
#include <doctest/doctest.h>

#include <cmath>

#include "harness.hpp"

using namespace detsim;
using namespace detsim::test;

namespace {

struct Event {
  std::uint32_t thread;
  std::size_t index;
};
struct Before {
  Event first, second;
};
using Bug = std::vector<Before>;

std::size_t position(const Order& order, Event event) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] == event.thread && seen++ == event.index) return i;
  }
  throw std::out_of_range("no such event");
}

bool shows(const Bug& bug, const Order& order) {
  for (const auto& [first, second] : bug) {
    if (position(order, first) > position(order, second)) return false;
  }
  return true;
}

/// Constraints that make the first two threads alternate d times, at every choice of places and
/// with either of them first.
std::vector<Bug> bugs_of_depth(unsigned depth, std::size_t events) {
  std::vector<Bug> bugs;
  for (std::size_t i = 0; i + 1 < events; ++i) {
    for (std::size_t j = 0; j + 1 < events; ++j) {
      const Before chain[] = {
          {{0, i}, {1, j}}, {{1, j}, {0, i + 1}}, {{0, events - 1}, {1, j + 1}}};
      bugs.emplace_back(chain, chain + depth);
      auto mirrored = bugs.back();
      for (auto& [first, second] : mirrored) std::swap(first.thread, second.thread);
      bugs.push_back(mirrored);
    }
  }
  return bugs;
}

/// Checks the bound for all these bugs and returns the rarest one's frequency.
double check_bound(std::uint32_t threads, std::size_t events, unsigned depth, int trials) {
  Core core;
  Program program;
  for (std::uint32_t i = 0; i < threads; ++i) program.push_back(alone(i + 1, events));
  const auto steps = threads * events;
  const auto bugs = bugs_of_depth(depth, events);
  std::vector<int> shown(bugs.size());
  for (int trial = 0; trial < trials; ++trial) {
    core.begin(static_cast<std::uint64_t>(trial), "pct", depth, steps);
    const auto order = run(core, program, 1);
    for (std::size_t i = 0; i < bugs.size(); ++i) shown[i] += shows(bugs[i], order);
  }
  const double bound = 1 / (threads * std::pow(static_cast<double>(steps), depth - 1));
  double rarest = 1;
  for (const int count : shown) {
    const double frequency = static_cast<double>(count) / trials;
    CHECK(frequency >= bound - tolerance(bound, trials));
    rarest = std::min(rarest, frequency);
  }
  MESSAGE("n=", threads, " k=", steps, " d=", depth, ": bound ", bound, ", rarest ", rarest);
  return rarest;
}

}  // namespace

TEST_CASE("pct: a bug of depth d shows with probability 1/(n k^(d-1)) at least") {
  for (const std::uint32_t threads : {2u, 3u, 5u}) {
    check_bound(threads, 4, 1, 4000);
    check_bound(threads, 4, 2, 20000);
  }
  check_bound(2, 4, 3, 40000);
  check_bound(3, 4, 3, 60000);
}

TEST_CASE("pct: finds what a random walk practically never does") {
  // One thread's single event must fall between the last two of a hundred others' events.
  Core core;
  const Program program = {alone(1, 100), alone(2, 1)};
  const Bug bug = {{{0, 98}, {1, 0}}, {{1, 0}, {0, 99}}};
  int by_pct = 0, by_walk = 0;
  const int trials = 20000;
  for (std::uint64_t seed = 0; seed < trials; ++seed) {
    core.begin(seed, "pct", 2, 101);
    by_pct += shows(bug, run(core, program, seed));
    core.begin(seed, "random");
    by_walk += shows(bug, run(core, program, seed));
  }
  const double bound = 1.0 / 202;
  CHECK(by_pct / static_cast<double>(trials) >= bound - tolerance(bound, trials));
  CHECK(by_walk == 0);
}

TEST_CASE("pct: without a given length every scale gets its share") {
  Core core;
  for (const std::size_t events : {30u, 300u, 3000u}) {
    const Program program = {alone(1, events), alone(2, 1)};
    const Bug bug = {{{0, events / 2}, {1, 0}}, {{1, 0}, {0, events / 2 + 1}}};
    int shown = 0;
    const int trials = events < 1000 ? 100'000 : 150'000;
    for (std::uint64_t seed = 0; seed < static_cast<std::uint64_t>(trials); ++seed) {
      core.begin(seed, "pct", 2);
      // Only a change right before the event after the middle one can show it: the rest of the
      // runs need not be run.
      if (core->strategy.change_points[0] != events / 2 + 2) continue;
      shown += shows(bug, run(core, program, seed));
    }
    // A fifteenth of the runs has the smallest power of two that holds all steps.
    const double bound =
        1.0 / (15 * 2 * 2 * static_cast<double>(std::max<std::size_t>(events, 64)));
    CHECK(shown / static_cast<double>(trials) >= bound - tolerance(bound, trials));
  }
}

TEST_CASE("pct: depth 1 never preempts, depth d at most d-1 times") {
  Core core;
  const Program program = {alone(1, 5), alone(2, 5), alone(3, 5), alone(4, 5)};
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    for (const unsigned depth : {1u, 2u, 3u, 6u}) {
      core.begin(seed, "pct", depth, 20);
      const auto order = run(core, program, seed);
      unsigned preemptions = 0;
      std::vector<int> executed(4);
      for (std::size_t i = 0; i < order.size(); ++i) {
        preemptions += i > 0 && order[i] != order[i - 1] && executed[order[i - 1]] < 5;
        ++executed[order[i]];
      }
      CHECK(preemptions <= depth - 1);
    }
  }
}

TEST_CASE("pct: initial orders are equally likely") {
  Core core;
  std::map<Order, double> seen;
  for (std::uint64_t seed = 0; seed < 24000; ++seed) {
    core.begin(seed, "pct", 1);
    seen[run(core, {alone(1, 1), alone(2, 1), alone(3, 1), alone(4, 1)}, seed)] += 1;
  }
  REQUIRE(seen.size() == 24);
  std::vector<double> observed;
  for (const auto& entry : seen) observed.push_back(entry.second);
  CHECK(chi_square(observed, std::vector<double>(24, 1000)).good());
}
