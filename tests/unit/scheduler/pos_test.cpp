// POS against its definition, against exact probabilities, and against a reference that keeps a
// table of priorities per event and does by the letter what the paper says.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "harness.hpp"

using namespace detsim;
using namespace detsim::test;

namespace {

bool race(const Operation& a, const Operation& b) {
  return a.object == b.object && a.object != 0 &&
         (a.kind != OperationKind::read || b.kind != OperationKind::read);
}

/// Each pair of racing events, in the order in which it ran: what a partial order is.
using PartialOrder = std::vector<std::pair<int, int>>;

PartialOrder partial_order(const Program& program, const Order& order) {
  std::vector<std::size_t> position(program.size());
  std::vector<std::pair<int, Operation>> ran;
  PartialOrder pairs;
  for (const auto thread : order) {
    const auto event = static_cast<int>(thread * 100 + position[thread]);
    const auto& operation = program[thread][position[thread]++];
    for (const auto& [other, earlier] : ran) {
      if (other / 100 != event / 100 && race(earlier, operation)) pairs.emplace_back(other, event);
    }
    ran.emplace_back(event, operation);
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

Order reference_pos(const Program& program, std::mt19937_64& generator) {
  std::vector<std::size_t> position(program.size());
  std::map<std::pair<std::size_t, std::size_t>, double> priorities;
  std::uniform_real_distribution<double> uniform(0, 1);
  Order order;
  for (;;) {
    std::pair<std::size_t, std::size_t> best{0, 0};
    double best_priority = -1;
    for (std::size_t i = 0; i < program.size(); ++i) {
      if (position[i] == program[i].size()) continue;
      const std::pair<std::size_t, std::size_t> event{i, position[i]};
      if (!priorities.contains(event)) priorities[event] = uniform(generator);
      if (priorities[event] > best_priority) {
        best = event;
        best_priority = priorities[event];
      }
    }
    if (best_priority < 0) return order;
    for (std::size_t i = 0; i < program.size(); ++i) {
      if (i == best.first || position[i] == program[i].size()) continue;
      if (race(program[i][position[i]], program[best.first][best.second])) {
        priorities.erase({i, position[i]});
      }
    }
    order.push_back(static_cast<std::uint32_t>(best.first));
    ++position[best.first];
  }
}

std::map<PartialOrder, double> frequencies(const Program& program, const char* strategy,
                                           int trials) {
  Core core;
  std::map<PartialOrder, double> seen;
  for (int trial = 0; trial < trials; ++trial) {
    core.begin(static_cast<std::uint64_t>(trial), strategy);
    seen[partial_order(program, run(core, program, 1))] += 1.0 / trials;
  }
  return seen;
}

std::map<PartialOrder, double> all_partial_orders(const Program& program) {
  std::vector<std::size_t> lengths;
  for (const auto& thread : program) lengths.push_back(thread.size());
  std::map<PartialOrder, double> all;
  for (const auto& order : interleavings(lengths)) all[partial_order(program, order)] = 0;
  return all;
}

double rarest(const std::map<PartialOrder, double>& all,
              const std::map<PartialOrder, double>& seen) {
  double least = 1;
  for (const auto& [order, unused] : all) {
    least = std::min(least, seen.contains(order) ? seen.at(order) : 0);
  }
  return least;
}

constexpr auto kRead = OperationKind::read;

}  // namespace

TEST_CASE("pos: one event after m+1 others has probability 1/(m+2), not 2^-(m+1)") {
  // The late thread's priority is compared, undisturbed, with one new one per event.
  Core core;
  const std::uint64_t m = 8;
  Program program = {{on(1)}, {}};
  for (std::uint64_t i = 0; i < m; ++i) program[1].push_back(on(100 + i));
  program[1].push_back(on(1));
  const int trials = 40000;
  double by_pos = 0, by_walk = 0;
  for (std::uint64_t seed = 0; seed < trials; ++seed) {
    core.begin(seed, "pos");
    by_pos += run(core, program, seed).back() == 0;
    core.begin(seed, "random");
    by_walk += run(core, program, seed).back() == 0;
  }
  const double exact = 1.0 / (m + 2), walk = std::pow(2, -static_cast<double>(m + 1));
  CHECK(std::abs(by_pos / trials - exact) < tolerance(exact, trials));
  CHECK(std::abs(by_walk / trials - walk) < tolerance(walk, trials));
}

TEST_CASE("pos: a race between equals is a fair coin, and all partial orders appear") {
  Core core;
  const Program program = {{on(1), on(2)}, {on(1), on(2)}};
  std::map<PartialOrder, double> seen = frequencies(program, "pos", 40000);
  double first_first = 0;
  for (const auto& [order, frequency] : seen) {
    first_first += frequency * (order[0] == std::pair<int, int>{0, 100});
  }
  CHECK(seen.size() == all_partial_orders(program).size());
  CHECK(std::abs(first_first - 0.5) < tolerance(0.5, 40000));
}

TEST_CASE("pos: the distribution is that of the reference") {
  const Program programs[] = {
      {{on(1), on(2), on(1)}, {on(2), on(1)}, {on(2, kRead), on(1, kRead)}},
      {{on(1), on(7), on(2)}, {on(2), on(8), on(1)}},
      {{on(1, kRead), on(1)}, {on(1, kRead), on(1)}, {on(1, kRead)}},
      {{on(0), on(1), on(0)}, {on(1), on(0)}},
  };
  std::mt19937_64 generator(1);
  for (const auto& program : programs) {
    const int trials = 60000;
    std::map<Order, std::pair<double, double>> seen;
    Core core;
    for (int trial = 0; trial < trials; ++trial) {
      core.begin(static_cast<std::uint64_t>(trial), "pos");
      seen[run(core, program, 1)].first += 1;
      seen[reference_pos(program, generator)].second += 1;
    }
    // Two samples of the same size: (a-b)^2 / (a+b) sums to a chi-square.
    double statistic = 0;
    for (const auto& [order, counts] : seen) {
      const auto [a, b] = counts;
      statistic += (a - b) * (a - b) / (a + b);
    }
    const auto freedom = static_cast<double>(seen.size() - 1);
    CHECK(statistic < freedom + 5 * std::sqrt(2 * freedom));
  }
}

TEST_CASE("pos: every partial order gets more than its guarantee, the rarest more than by walk") {
  // Few racing events among many others: the case the method is made for. The guarantee that
  // holds for any of these samplers is threads^-events.
  const Program programs[] = {
      {{on(11), on(12), on(13), on(1), on(2)}, {on(2), on(1)}},
      {{on(1), on(11), on(12), on(13), on(2)}, {on(1), on(2)}},
      {{on(11), on(12), on(13), on(1)}, {on(1), on(2)}, {on(2)}},
      {{on(11), on(12), on(1)}, {on(1, kRead)}, {on(1, kRead)}, {on(1)}},
  };
  for (const auto& program : programs) {
    const int trials = 40000;
    std::size_t events = 0;
    for (const auto& thread : program) events += thread.size();
    const auto all = all_partial_orders(program);
    const double pos = rarest(all, frequencies(program, "pos", trials));
    const double walk = rarest(all, frequencies(program, "random", trials));
    const double guarantee =
        std::pow(static_cast<double>(program.size()), -static_cast<double>(events));
    MESSAGE(all.size(), " partial orders: rarest ", pos, " by pos, ", walk, " by walk");
    CHECK(pos > guarantee);
    CHECK(pos > walk);
  }
}

TEST_CASE("pos: a race makes the others draw again, an unrelated event does not") {
  Core core;
  core.begin(1, "pos");
  for (int i = 0; i < 3; ++i) core->start(nullptr, 1);
  core->tasks[0].next = core->tasks[1].next = on(1);
  core->tasks[2].next = on(2);
  bool raced = false, unrelated = false;
  for (int i = 0; i < 100; ++i) {
    std::uint64_t before[3];
    for (int t = 0; t < 3; ++t) before[t] = core->tasks[t].strategy.priority;
    const auto draws_before = core->strategy.stream.state;
    const TaskId id = core->decide(nullptr)->id;
    const bool first = draws_before == core->strategy.stream.state;
    CHECK(!first);  // the one that ran last always draws
    CHECK(core->tasks[id].strategy.priority == 0);
    if (id == 2) {
      unrelated = true;
      for (int t = 0; t < 2; ++t) {
        CHECK((before[t] == 0 || before[t] == core->tasks[t].strategy.priority));
      }
    } else {
      raced = true;
      CHECK(core->tasks[1 - id].strategy.priority == 0);
      CHECK(core->tasks[2].strategy.priority != 0);
    }
  }
  CHECK(raced);
  CHECK(unrelated);
}
