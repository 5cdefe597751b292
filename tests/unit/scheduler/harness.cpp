#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "harness.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "scheduler/invariant.hpp"

namespace detsim {

void invariant_broken(const char* what, const char* file, int line) {
  throw test::InvariantBroken(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

namespace test {

std::uint32_t strategy_index(const std::string& name) {
  for (std::uint32_t i = 0; i < strategies().size(); ++i) {
    if (strategies()[i].name == name) return i;
  }
  throw std::invalid_argument("no strategy " + name);
}

Thread alone(std::uint64_t object, std::size_t count) { return Thread(count, on(object)); }

Order run(Core& core, const Program& program, std::uint64_t seed,
          const std::function<void(Scheduler&)>& prepare) {
  Scheduler& s = *core;
  std::vector<std::size_t> position(program.size());
  for (std::size_t i = 0; i < program.size(); ++i) {
    Task* task = s.start(nullptr, seed);
    REQUIRE(task->id == i);
    if (program[i].empty()) {
      s.end(*task);
    } else {
      task->next = program[i][0];
    }
  }
  if (prepare) prepare(s);
  Order order;
  Task* current = nullptr;
  while (Task* task = s.decide(current)) {
    order.push_back(task->id);
    current = task;
    if (++position[task->id] < program[task->id].size()) {
      task->next = program[task->id][position[task->id]];
    } else {
      s.end(*task);
      current = nullptr;
    }
  }
  return order;
}

Fit chi_square(const std::vector<double>& observed, const std::vector<double>& expected) {
  Fit fit;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    const double difference = observed[i] - expected[i];
    fit.statistic += difference * difference / expected[i];
  }
  const auto freedom = static_cast<double>(observed.size() - 1);
  fit.bound = freedom + 5 * std::sqrt(2 * freedom);
  return fit;
}

static void extend(std::vector<std::size_t>& left, Order& prefix, std::vector<Order>& all) {
  bool complete = true;
  for (std::uint32_t i = 0; i < left.size(); ++i) {
    if (left[i] == 0) continue;
    complete = false;
    --left[i];
    prefix.push_back(i);
    extend(left, prefix, all);
    prefix.pop_back();
    ++left[i];
  }
  if (complete) all.push_back(prefix);
}

std::vector<Order> interleavings(const std::vector<std::size_t>& lengths) {
  std::vector<Order> all;
  auto left = lengths;
  Order prefix;
  extend(left, prefix, all);
  return all;
}

double tolerance(double probability, double trials) {
  return 5 * std::sqrt(probability * (1 - probability) / trials);
}

}  // namespace test
}  // namespace detsim
