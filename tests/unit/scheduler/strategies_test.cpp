// What holds for every row of the list.
#include <doctest/doctest.h>

#include <set>

#include "harness.hpp"

using namespace detsim;
using namespace detsim::test;

namespace {

/// Runs a mixed program with waits, wake-ups, yields and starts of children, and returns the ids
/// that were chosen.
std::vector<TaskId> busy_run(Core& core, const Strategy& strategy, std::uint64_t seed) {
  core.begin(seed, strategy.name);
  ChoiceStream script{99};  // what the tasks do; the same for all seeds
  for (int i = 0; i < 5; ++i) core->start(nullptr, seed);
  std::vector<TaskId> chosen;
  Task* current = nullptr;
  for (int i = 0; i < 400; ++i) {
    Task* task = core->decide(current);
    if (task == nullptr) {
      core->wake({1, 1}, 3);
      core->wake({1, 2}, 3);
      current = nullptr;
      continue;
    }
    chosen.push_back(task->id);
    current = task;
    const auto what = script.below(12);
    const auto object = 1 + script.below(3);
    task->next = {static_cast<OperationKind>(script.below(12)), object};
    if (what == 0) core->wait(*task, WaitKind::futex, {1, object}, ~0u, kNever, false);
    if (what == 1) core->wake({1, object}, 1);
    if (what == 2 && core->live < 12) core->start(task, seed);
    if (what == 3 && core->live > 3) {
      core->end(*task);
      current = nullptr;
    }
  }
  return chosen;
}

}  // namespace

TEST_CASE("every strategy: a row that says what it is") {
  std::set<std::string> names;
  for (const Strategy* row : strategies()) {
    CHECK(names.insert(row->name).second);
    CHECK(std::strlen(row->summary) > 20);
    CHECK((row->parameter == nullptr) == (row->parameter_max == 0));
    CHECK(row->parameter_default <= row->parameter_max);
  }
  CHECK(std::string(strategies()[0].name) == "random");
  CHECK(names == std::set<std::string>{"random", "round-robin", "pct", "pos", "surw", "replay"});
}

TEST_CASE("every strategy: the same seed chooses the same, another seed something else") {
  Core core, other;
  for (const Strategy* row : strategies()) {
    if (row->follows_choices) continue;
    CAPTURE(row->name);
    std::set<std::vector<TaskId>> different;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      const auto first = busy_run(core, *row, seed);
      CHECK(first == busy_run(other, *row, seed));
      CHECK(first.size() > 100);
      different.insert(first);
    }
    const bool ignores_seed = std::string(row->name) == "round-robin";
    // Waking one of several waiters is drawn by the scheduler, whatever the strategy.
    CHECK(different.size() >= (ignores_seed ? 1 : 49));
  }
}

TEST_CASE("every strategy: without a choice nothing is drawn and nothing counted") {
  Core core;
  for (const Strategy* row : strategies()) {
    CAPTURE(row->name);
    core.begin(5, row->name);
    Task* task = core->start(nullptr, 5);
    const auto before = core->strategy.stream.state;
    for (const auto kind : {OperationKind::lock, OperationKind::yield, OperationKind::call}) {
      task->next = on(1, kind);
      CHECK(core->decide(task) == task);
    }
    CHECK(core->strategy.stream.state == before);
    CHECK(core->decisions == 0);
    core->wait(*task, WaitKind::futex, {1, 1}, ~0u, kNever, false);
    CHECK(core->decide(task) == nullptr);
  }
}

TEST_CASE("every strategy: a task that polls and yields does not starve what it waits for") {
  Core core;
  for (const Strategy* row : strategies()) {
    if (row->follows_choices) continue;  // see replay_test.cpp
    CAPTURE(row->name);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      core.begin(seed, row->name);
      for (int i = 0; i < 8; ++i) core->start(nullptr, seed);
      Task& worker = core->tasks[7];
      worker.next = on(7, OperationKind::lock);
      int worked = 0;
      int steps = 0;
      for (Task* task = nullptr; worked < 20 && steps < 5000; ++steps) {
        task = core->decide(task);
        if (task == &worker) {
          ++worked;
        } else {
          task->next = on(0, OperationKind::yield);
        }
      }
      CHECK(worked == 20);
    }
  }
}

TEST_CASE("every strategy: a task that polls without yielding starves nobody for ever") {
  Core core;
  for (const Strategy* row : strategies()) {
    if (row->follows_choices) continue;  // see replay_test.cpp
    CAPTURE(row->name);
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      const auto polling = seed % 2 == 0 ? OperationKind::call : OperationKind::none;
      core.begin(seed, row->name);
      for (int i = 0; i < 8; ++i) core->start(nullptr, seed)->next = on(0, polling);
      core->tasks[0].next = on(1, OperationKind::lock);
      int steps = 0;
      Task* task = nullptr;
      while (steps++ < 1'000'000 && (task = core->decide(task)) != &core->tasks[0]) {
      }
      CHECK(task == &core->tasks[0]);
    }
  }
}
