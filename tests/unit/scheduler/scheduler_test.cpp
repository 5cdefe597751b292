// Life, waiting, timers and broken invariants: one promise of the header after the other.
#include <doctest/doctest.h>

#include <set>

#include "harness.hpp"

using namespace detsim;
using namespace detsim::test;

namespace {

constexpr WaitKey kKey{1, 0x1000};

void wait_on(Scheduler& s, TaskId id, WaitKey key = kKey, std::uint64_t deadline_ns = kNever,
             bool interruptible = true) {
  s.wait(s.tasks[id], WaitKind::futex, key, ~0u, deadline_ns, interruptible);
}

std::vector<TaskId> runnable(Scheduler& s) { return {s.runnable, s.runnable + s.runnable_count}; }

void start_tasks(Core& core, int count) {
  for (int i = 0; i < count; ++i) core->start(nullptr, 1);
}

}  // namespace

// ---------------------------------------------------------------- life

TEST_CASE("begin: a zeroed scheduler is empty, with the row's default parameter") {
  Core core;
  core.begin(1, "pct");
  CHECK(core->strategy.parameter == 3);
  CHECK(core->decide(nullptr) == nullptr);
  CHECK(core->pop_due() == kNoTimer);
  CHECK(core->next_deadline_ns == kNever);
  CHECK(core->wake(kKey, 1) == 0);
  CHECK(core->first_waiter(kKey) == nullptr);
  CHECK_THROWS_AS(core.begin(1, "pct", kChangePointsMax + 1), InvariantBroken);
}

TEST_CASE("start: as many tasks as there is room for, then none") {
  Core core;
  core.begin(1);
  for (std::uint32_t i = 0; i < kTasksMax; ++i) REQUIRE(core->start(nullptr, 1) != nullptr);
  CHECK(core->start(nullptr, 1) == nullptr);
  CHECK(core->live == kTasksMax);
  core->end(core->tasks[77]);
  CHECK(core->start(nullptr, 1) == &core->tasks[77]);
  CHECK(core->start(nullptr, 1) == nullptr);
}

TEST_CASE("start: a reused id is a fresh task") {
  Core core;
  core.begin(1, "surw");
  Task* parent = core->start(nullptr, 1);
  Task* task = core->start(parent, 1);
  const auto ancestry = task->ancestry;
  task->tid = 5;
  task->held = false;
  task->calls = task->cpu_ns = task->wait_value = 9;
  task->children_started = 4;
  task->next = on(3);
  task->strategy = {1, 2, 3, 4, 5, 6, true, true};
  task->data.next();
  task->name[0] = 'x';
  wait_on(*core, task->id, kKey, 50);
  core->end(*task);
  CHECK(core->first_waiter(kKey) == nullptr);
  CHECK(core->next_deadline_ns == kNever);
  Task* again = core->start(parent, 1);
  REQUIRE(again == task);
  CHECK(again->ancestry != ancestry);
  CHECK(again->data.state == ChoiceStream::derive(1, Stream::data, again->ancestry).state);
  CHECK(again->next.kind == OperationKind::start);
  CHECK(again->state == TaskState::runnable);
  CHECK(again->wake == Wake::none);
  CHECK(again->tid == 0);
  CHECK(again->name[0] == 0);
  CHECK(again->calls + again->cpu_ns + again->wait_value + again->children_started == 0);
  CHECK(again->strategy.steps + again->strategy.expected_events == 0);
  CHECK(!again->strategy.profiled);
}

TEST_CASE("start: ancestry depends on the path, not on ids or on what others do") {
  const auto family = [](bool with_others) {
    Core core;
    core.begin(1);
    Task* root = core->start(nullptr, 1);
    Task* first = core->start(root, 1);
    if (with_others) {
      for (int i = 0; i < 5; ++i) core->start(first, 1);
      core->end(core->tasks[3]);
    }
    Task* second = core->start(root, 1);
    Task* grandchild = core->start(second, 1);
    return std::vector<std::uint64_t>{root->ancestry, first->ancestry, second->ancestry,
                                      grandchild->ancestry, grandchild->data.next()};
  };
  CHECK(family(false) == family(true));
}

TEST_CASE("start: ancestries are all different") {
  Core core;
  core.begin(1);
  std::set<std::uint64_t> seen;
  std::vector<Task*> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(core->start(nullptr, 1));
  ChoiceStream script{1};
  while (tasks.size() < 10000) tasks.push_back(core->start(tasks[script.below(tasks.size())], 1));
  for (const Task* task : tasks) seen.insert(task->ancestry);
  CHECK(seen.size() == tasks.size());
}

TEST_CASE("end: the running, the waiting and the held leave no trace in the sets") {
  Core core;
  core.begin(1);
  start_tasks(core, 4);
  wait_on(*core, 1, kKey, 10);
  core->hold(core->tasks[2], true);
  for (TaskId id = 0; id < 3; ++id) core->end(core->tasks[id]);
  CHECK(core->live == 1);
  CHECK(runnable(*core) == std::vector<TaskId>{3});
  CHECK(core->wake(kKey, 1) == 0);
  core->now_ns = 100;
  CHECK(core->pop_due() == kNoTimer);
  core->hold(core->tasks[0], true);  // a stop reaches the dead without effect
  CHECK(!core->tasks[0].held);
  CHECK(!core->interrupt(core->tasks[1]));
}

// ---------------------------------------------------------------- waiting

TEST_CASE("wait: until woken, and what it was waiting for can be told meanwhile") {
  Core core;
  core.begin(1);
  start_tasks(core, 2);
  core->now_ns = 42;
  core->tasks[0].wait_external = true;  // both are the caller's, set before or after
  core->tasks[0].wait_value = 7;
  wait_on(*core, 0);
  const Task& task = core->tasks[0];
  CHECK(task.state == TaskState::waiting);
  CHECK(task.wait_kind == WaitKind::futex);
  CHECK(task.wait_since_ns == 42);
  CHECK(task.wait_external);
  CHECK(core->next_deadline_ns == kNever);  // no deadline: no timer
  CHECK(core->heap_count == 0);
  CHECK(core->first_waiter(kKey) == &task);
  CHECK(core->wake({1, 0x1004}, 1) == 0);
  CHECK(core->wake({2, 0x1000}, 1) == 0);
  CHECK(core->wake(kKey, 1) == 1);
  CHECK(task.wake == Wake::woken);
  CHECK(task.wait_kind == WaitKind::none);
  CHECK(!task.wait_external);
  CHECK(task.wait_value == 7);
}

TEST_CASE("wait: a deadline ends it, a wake-up in time disarms it") {
  Core core;
  core.begin(1);
  start_tasks(core, 3);
  wait_on(*core, 0, kKey, 100);
  wait_on(*core, 1, kKey, 50);
  CHECK(core->next_deadline_ns == 50);
  core->now_ns = 49;
  CHECK(core->pop_due() == kNoTimer);
  CHECK(core->tasks[1].state == TaskState::waiting);
  core->now_ns = 50;
  CHECK(core->pop_due() == kNoTimer);
  CHECK(core->tasks[1].wake == Wake::timed_out);
  CHECK(core->wake(kKey, 5) == 1);
  CHECK(core->tasks[0].wake == Wake::woken);
  CHECK(core->next_deadline_ns == kNever);
}

TEST_CASE("wake: only waiters whose bits meet") {
  Core core;
  core.begin(1);
  start_tasks(core, 3);
  for (TaskId id = 0; id < 3; ++id) {
    core->wait(core->tasks[id], WaitKind::futex, kKey, 1u << id, kNever, false);
  }
  CHECK(core->wake(kKey, 5, 1u << 3) == 0);
  CHECK(core->wake(kKey, 5, 1u << 1 | 1u << 3) == 1);
  CHECK(core->tasks[1].state == TaskState::runnable);
  CHECK(core->wake(kKey, 1, 1u << 2) == 1);
  CHECK(core->tasks[0].state == TaskState::waiting);
}

TEST_CASE("wake: all at once draws nothing and keeps the order of queueing") {
  Core core;
  core.begin(1);
  start_tasks(core, 5);
  for (const TaskId id : {3u, 0u, 4u, 1u}) wait_on(*core, id);
  const auto before = core->wakes.state;
  CHECK(core->wake(kKey, 4) == 4);
  CHECK(core->wakes.state == before);
  CHECK(runnable(*core) == std::vector<TaskId>{2, 3, 0, 4, 1});
}

TEST_CASE("wake: which one is uniform, and so is which pair") {
  Core core;
  std::vector<double> one(5);
  std::map<std::vector<TaskId>, double> two;
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    core.begin(seed);
    start_tasks(core, 5);
    for (TaskId id = 0; id < 5; ++id) wait_on(*core, id);
    if (seed % 2 == 0) {
      core->wake(kKey, 1);
      one[core->runnable[0]] += 1;
    } else {
      CHECK(core->wake(kKey, 2) == 2);
      two[runnable(*core)] += 1;
    }
  }
  CHECK(chi_square(one, std::vector<double>(5, 2000)).good());
  REQUIRE(two.size() == 20);
  std::vector<double> pairs;
  for (const auto& entry : two) pairs.push_back(entry.second);
  CHECK(chi_square(pairs, std::vector<double>(20, 500)).good());
}

TEST_CASE("wake: nobody is left out for ever") {
  // One waiter that stays among newcomers is woken after a geometric number of rounds.
  Core core;
  core.begin(9);
  start_tasks(core, 4);
  for (TaskId id = 0; id < 4; ++id) wait_on(*core, id);
  std::vector<int> rounds(4);
  for (int i = 0; i < 8000; ++i) {
    core->wake(kKey, 1);
    ++rounds[core->runnable[0]];
    wait_on(*core, core->runnable[0]);
  }
  for (const int count : rounds) CHECK(std::abs(count - 2000) < 200);
}

TEST_CASE("wakes and schedule are drawn apart") {
  // Waking one of many leaves the strategy's stream alone, and the other way round.
  Core core;
  core.begin(3);
  start_tasks(core, 4);
  const auto schedule = core->strategy.stream.state;
  wait_on(*core, 0);
  wait_on(*core, 1);
  core->wake(kKey, 1);
  CHECK(core->strategy.stream.state == schedule);
  const auto wakes = core->wakes.state;
  core->decide(nullptr);
  CHECK(core->wakes.state == wakes);
}

TEST_CASE("requeue: the first ones move behind those that wait there, deadlines with them") {
  Core core;
  core.begin(1);
  start_tasks(core, 6);
  const WaitKey other{1, 0x2000};
  wait_on(*core, 5, other);
  for (TaskId id = 0; id < 4; ++id) wait_on(*core, id, kKey, 100 + id);
  CHECK(core->requeue(kKey, other, 2) == 2);
  CHECK(core->first_waiter(kKey)->id == 2);
  CHECK(core->requeue(kKey, kKey, 9) == 2);
  CHECK(core->wake(other, 9) == 3);
  CHECK(runnable(*core) == std::vector<TaskId>{4, 5, 0, 1});
  CHECK(core->next_deadline_ns == 102);
  CHECK(core->requeue(other, kKey, 3) == 0);
}

TEST_CASE("interrupt: ends a wait that allows it, and no other") {
  Core core;
  core.begin(1);
  start_tasks(core, 3);
  wait_on(*core, 0, kKey, 100, true);
  wait_on(*core, 1, kKey, 100, false);
  CHECK(core->interrupt(core->tasks[0]));
  CHECK(core->tasks[0].wake == Wake::interrupted);
  CHECK(!core->interrupt(core->tasks[0]));
  CHECK(!core->interrupt(core->tasks[1]));
  CHECK(!core->interrupt(core->tasks[2]));
  CHECK(core->wake(kKey, 5) == 1);
}

TEST_CASE("hold: stops a task without changing what it waits for") {
  Core core;
  core.begin(1);
  start_tasks(core, 3);
  wait_on(*core, 0, kKey, 100);
  wait_on(*core, 1, kKey, 200);
  for (TaskId id = 0; id < 3; ++id) core->hold(core->tasks[id], true);
  core->hold(core->tasks[2], true);
  CHECK(core->decide(nullptr) == nullptr);
  core->now_ns = 100;
  core->pop_due();
  CHECK(core->wake(kKey, 1) == 1);
  CHECK(core->tasks[0].state == TaskState::runnable);
  CHECK(core->tasks[1].state == TaskState::runnable);
  CHECK(core->runnable_count == 0);
  core->hold(core->tasks[1], false);
  CHECK(core->decide(nullptr) == &core->tasks[1]);
  core->hold(core->tasks[0], false);
  core->hold(core->tasks[2], false);
  core->hold(core->tasks[2], false);
  CHECK(runnable(*core) == std::vector<TaskId>{1, 0, 2});
  core->hold(core->tasks[0], true);  // a held task that runs its last steps may go to sleep
  wait_on(*core, 0);
  core->hold(core->tasks[0], false);
  CHECK(core->tasks[0].state == TaskState::waiting);
}

// ---------------------------------------------------------------- timers

TEST_CASE("timers: equal deadlines in the order of arming, tasks' and others' alike") {
  Core core;
  core.begin(1);
  start_tasks(core, 2);
  const auto first = core->allocate_timer(11), second = core->allocate_timer(22);
  core->arm(first, 50);
  wait_on(*core, 0, kKey, 50);
  core->arm(second, 50);
  wait_on(*core, 1, kKey, 50);
  core->arm(first, 50);  // armed again: now the last
  core->now_ns = 60;
  CHECK(core->pop_due() == second);
  CHECK(core->tasks[0].state == TaskState::runnable);
  CHECK(core->tasks[1].state == TaskState::waiting);
  CHECK(core->pop_due() == first);
  CHECK(core->tasks[1].wake == Wake::timed_out);
  CHECK(core->timers[first].owner == 11);
  CHECK(!core->armed(first));
}

TEST_CASE("timers: freed ones are disarmed and reused as new") {
  Core core;
  core.begin(1);
  const auto timer = core->allocate_timer(1);
  CHECK(timer >= kTasksMax);
  core->arm(timer, 5);
  core->free_timer(timer);
  CHECK(core->next_deadline_ns == kNever);
  CHECK(core->allocate_timer(2) == timer);
  CHECK(core->timers[timer].owner == 2);
  CHECK(!core->armed(timer));
  core->arm(timer, kNever);
  CHECK(!core->armed(timer));
  CHECK_THROWS_AS(core->free_timer(3), InvariantBroken);
}

// ---------------------------------------------------------------- broken invariants

TEST_CASE("a broken invariant does not go on") {
  Core core;
  core.begin(1);
  start_tasks(core, 2);
  CHECK_THROWS_AS(core->make_runnable(core->tasks[0], Wake::woken), InvariantBroken);
  wait_on(*core, 0);
  CHECK_THROWS_AS(wait_on(*core, 0), InvariantBroken);
  core->wake(kKey, 1);
  core->now_ns = 100;
  core->decide(nullptr);
  core->now_ns = 99;
  CHECK_THROWS_AS(core->decide(nullptr), InvariantBroken);
  CHECK_THROWS_AS(core->pop_due(), InvariantBroken);
  core->now_ns = 100;
  core->end(core->tasks[0]);
  CHECK_THROWS_AS(core->end(core->tasks[0]), InvariantBroken);
  CHECK_THROWS_AS(wait_on(*core, 0), InvariantBroken);
  CHECK_THROWS_AS(core->arm(kTimersMax, 1), InvariantBroken);
}
