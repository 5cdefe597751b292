// Whatever a strategy chose, following the list taken from its run does the same run again.
#include "scheduler/replay.hpp"

#include <doctest/doctest.h>

#include "harness.hpp"
#include "trace/choices.hpp"

using namespace detsim;
using namespace detsim::test;

namespace {

std::vector<Event>* recorded = nullptr;
std::int32_t acting = 0;

void record_wake(std::uint64_t chosen, std::uint64_t candidates) {
  recorded->push_back({.tid = acting,
                       .kind = EventKind::wake,
                       .result = static_cast<std::int64_t>(chosen),
                       .detail = candidates});
}

/// A random program of waits, wake-ups, starts and ends, `steps` long; what its tasks do depends
/// on the program and on who runs, not on the strategy.
std::vector<Event> random_run(Core& core, const std::string& strategy, std::uint64_t program,
                              std::uint64_t seed, ChoiceList* list, int steps = 600) {
  std::vector<Event> events;
  core.begin(seed, strategy);
  core->strategy.choices = list;
  recorded = &events;
  acting = 0;
  wake_observer = record_wake;
  std::int32_t next_tid = 1000;
  std::map<std::int32_t, ChoiceStream> scripts;
  const auto start = [&](Task* parent) {
    Task* task = core->start(parent, seed);
    task->tid = next_tid++;
    scripts[task->tid] = {mix64(program + static_cast<std::uint64_t>(task->tid))};
  };
  for (int i = 0; i < 6; ++i) start(nullptr);
  Task* current = nullptr;
  for (int i = 0; i < steps; ++i) {
    const auto before = core->decisions;
    Task* task = core->decide(current);
    if (task != nullptr && core->decisions != before) {
      events.push_back({.tid = acting, .kind = EventKind::decision, .result = task->tid});
    }
    if (task == nullptr) {
      core->wake({1, 1}, 2);
      core->wake({1, 2}, 2);
      if (core->runnable_count == 0) start(nullptr);
      continue;
    }
    current = task;
    acting = task->tid;
    auto& script = scripts[task->tid];
    const auto what = script.below(10);
    const WaitKey key{1, 1 + script.below(2)};
    task->next = {static_cast<OperationKind>(script.below(12)), key.address};
    if (what < 3) core->wait(*task, WaitKind::futex, key, ~0u, kNever, false);
    if (what == 3 || what == 4) core->wake(key, 1);
    if (what == 5 && core->live < 12) start(task);
    if (what == 6 && core->live > 3) {
      core->end(*task);
      current = nullptr;
    }
  }
  wake_observer = nullptr;
  return events;
}

Choices choices_of(const std::vector<Event>& events) {
  ChoiceCollector collector;
  for (const auto& event : events) collector.take(event);
  return collector.choices();
}

void fill(ChoiceList& list, const Choices& choices) {
  list.switch_count = choices.switches.size();
  list.wake_count = choices.wakes.size();
  list.next_switch = list.next_wake = list.misfits = list.not_deviating = 0;
  std::copy(choices.switches.begin(), choices.switches.end(), list.switches);
  std::copy(choices.wakes.begin(), choices.wakes.end(), list.wakes);
}

/// Sparse: the pages behind what is used are never touched.
std::unique_ptr<ChoiceList, void (*)(void*)> empty_list() {
  return {static_cast<ChoiceList*>(std::calloc(1, sizeof(ChoiceList))), &std::free};
}

}  // namespace

TEST_CASE("replay: the list taken from a run of any strategy does the same run again") {
  Core core;
  const auto list = empty_list();
  for (const Strategy* row : strategies()) {
    CAPTURE(row->name);
    for (std::uint64_t program = 0; program < 60; ++program) {
      CAPTURE(program);
      const auto first = random_run(core, row->name, program, program * 7, nullptr);
      const auto choices = choices_of(first);
      fill(*list, choices);
      const auto again = random_run(core, "replay", program, program * 7, list.get());
      CHECK(first == again);
      CHECK(list->misfits == 0);
      CHECK(list->next_switch == choices.switches.size());
      CHECK(choices_of(again) == choices);
    }
  }
}

TEST_CASE("replay: any part of a list can be followed; what does not fit is counted") {
  Core core;
  const auto list = empty_list();
  ChoiceStream draw{5};
  std::uint64_t misfits = 0;
  for (std::uint64_t program = 0; program < 100; ++program) {
    auto choices = choices_of(random_run(core, "random", program, program, nullptr));
    std::erase_if(choices.switches, [&](const Choice&) { return draw.below(3) == 0; });
    std::erase_if(choices.wakes, [&](const Choice&) { return draw.below(3) == 0; });
    fill(*list, choices);
    const auto run = random_run(core, "replay", program, program, list.get());
    misfits += list->misfits;
    fill(*list, choices_of(run));
    CHECK(run == random_run(core, "replay", program, program, list.get()));
    CHECK(list->misfits == 0);
  }
  CHECK(misfits > 0);
}

TEST_CASE("replay: without a list, the current task goes on until it cannot, then the lowest tid") {
  Core core;
  core.begin(1, "replay");
  for (int i = 0; i < 3; ++i) core->start(nullptr, 1)->tid = 100 - i;
  Task* task = core->decide(nullptr);
  CHECK(task->tid == 98);
  for (int i = 0; i < 50; ++i) CHECK(core->decide(task) == task);
  core->wait(*task, WaitKind::futex, {1, 1}, ~0u, kNever, false);
  CHECK(core->decide(task)->tid == 99);
}

TEST_CASE("replay: a task that polls does not keep the others from running") {
  Core core;
  core.begin(1, "replay");
  for (int i = 0; i < 3; ++i) core->start(nullptr, 1)->tid = 100 + i;
  std::map<std::int32_t, int> turns;
  Task* task = nullptr;
  for (int i = 0; i < 3000; ++i) {
    task = core->decide(task);
    ++turns[task->tid];
  }
  CHECK(turns[100] > 500);
  CHECK(turns[101] > 500);
  CHECK(turns[102] > 500);
}

TEST_CASE("choices: what is written is read again, and what is wrong is said with its line") {
  Choices choices;
  choices.decisions = 90;
  choices.switches = {{1, 1000}, {17, 1003}};
  choices.wakes = {{3, 1}};
  Choices read;
  std::string error;
  CHECK(to_text(choices) ==
        "detsim choices 1\ndecisions 90\nswitch 1 1000\nswitch 17 1003\nwake 3 1\n");
  CHECK(from_text(to_text(choices), read, error));
  CHECK(read == choices);
  CHECK_FALSE(from_text("", read, error));
  CHECK_FALSE(from_text("detsim choices 1\nswitch 1\n", read, error));
  CHECK(error == "line 2: 'switch 1' is no choice");
  CHECK_FALSE(from_text("detsim choices 1\nswitch 2 1\nswitch 2 3\n", read, error));
  CHECK(error == "line 3: the numbers must ascend");
}
