// Random sequences of operations on the scheduler and on the model; after each, everything that
// the header promises is compared.
#include "model.hpp"

#include <doctest/doctest.h>

#include "harness.hpp"

using namespace detsim;
using namespace detsim::test;

namespace {

/// Keys of which several share a bucket: found by looking at which bucket a waiter lands in.
std::vector<WaitKey> colliding_keys(Core& core) {
  core.begin(1);
  Task* task = core->start(nullptr, 1);
  std::map<std::uint32_t, std::vector<WaitKey>> by_bucket;
  std::vector<WaitKey> chosen;
  for (std::uint64_t i = 0; chosen.size() < 6 && i < 100'000; ++i) {
    const WaitKey key{1 + i % 3, 0x1000 + 4 * i};
    core->wait(*task, WaitKind::futex, key, ~0u, kNever, false);
    std::uint32_t bucket = 0;
    while (core->queue_head[bucket] == 0) ++bucket;
    CHECK(core->queue_head[bucket] == task->id + 1);
    core->wake(key, 1);
    auto& same = by_bucket[bucket];
    same.push_back(key);
    if (same.size() == 3) chosen.insert(chosen.end(), same.begin(), same.end());
  }
  chosen.push_back({0, 0});
  chosen.push_back({7, 0x7fff0000});
  return chosen;
}

class SideBySide {
 public:
  SideBySide(Core& core, const std::vector<WaitKey>& keys, std::uint64_t seed)
      : s_(*core), model_(seed), keys_(keys), seed_(seed), script_{mix64(seed)} {
    for (std::uint32_t i = 0; i < 4; ++i) timers_.push_back(s_.allocate_timer(i));
  }

  void step() {
    switch (script_.below(14)) {
      case 0: start(); break;
      case 1:
        if (script_.below(3) == 0) end();
        break;
      case 2:
      case 3:
      case 4:
      case 5: wait(); break;
      case 6:
      case 7: wake(); break;
      case 8: requeue(); break;
      case 9: interrupt(); break;
      case 10: hold(); break;
      case 11: arm(); break;
      case 12: advance(); break;
      case 13: decide(); break;
    }
    compare();
  }

 private:
  TaskId any_task() {
    auto it = model_.tasks.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(script_.below(model_.tasks.size())));
    return it->first;
  }
  WaitKey any_key() { return keys_[script_.below(keys_.size())]; }
  std::uint32_t any_bits() { return script_.below(3) == 0 ? 1u << script_.below(3) : ~0u; }
  std::uint32_t any_count() {
    const std::uint32_t counts[] = {0, 1, 1, 1, 2, 3, 0x7fffffff, ~0u};
    return counts[script_.below(8)];
  }
  std::uint64_t any_deadline() {
    // Coarse, so that ties are frequent; sometimes in the past.
    return script_.below(3) == 0 ? kNever : (s_.now_ns / 10 + script_.below(5)) * 10;
  }

  void start() {
    if (model_.tasks.size() >= 40) return;
    const Task* parent = model_.tasks.empty() ? nullptr : &s_.tasks[any_task()];
    const Task* task = s_.start(parent, seed_);
    REQUIRE(task != nullptr);
    REQUIRE(!model_.tasks.contains(task->id));
    model_.tasks[task->id] = {};
  }
  void end() {
    if (model_.tasks.empty()) return;
    const TaskId id = any_task();
    s_.end(s_.tasks[id]);
    model_.end(id);
  }
  void wait() {
    if (model_.tasks.empty()) return;
    const TaskId id = any_task();
    if (model_.tasks[id].state != TaskState::runnable) return;
    const auto key = any_key();
    const auto bits = any_bits();
    const auto deadline_ns = any_deadline();
    const bool interruptible = script_.below(2) == 0;
    s_.wait(s_.tasks[id], WaitKind::futex, key, bits, deadline_ns, interruptible);
    model_.wait(id, key, bits, deadline_ns, interruptible);
    CHECK(s_.tasks[id].wait_since_ns == s_.now_ns);
  }
  void wake() {
    const auto key = any_key();
    const auto count = any_count();
    const auto bits = any_bits();
    CHECK(s_.wake(key, count, bits) == model_.wake(key, count, bits));
  }
  void requeue() {
    const auto from = any_key(), to = any_key();
    const auto count = any_count();
    CHECK(s_.requeue(from, to, count) == model_.requeue(from, to, count));
  }
  void interrupt() {
    if (model_.tasks.empty()) return;
    const TaskId id = any_task();
    CHECK(s_.interrupt(s_.tasks[id]) == model_.interrupt(id));
  }
  void hold() {
    if (model_.tasks.empty()) return;
    const TaskId id = any_task();
    const bool held = script_.below(3) == 0;
    s_.hold(s_.tasks[id], held);
    model_.tasks[id].held = held;
  }
  void arm() {
    const auto timer = timers_[script_.below(timers_.size())];
    if (script_.below(4) == 0) {
      s_.disarm(timer);
      model_.disarm(timer);
    } else {
      const auto deadline_ns = any_deadline();
      s_.arm(timer, deadline_ns);
      model_.arm(timer, deadline_ns);
    }
  }
  void advance() {
    const auto cost_ns = script_.below(30);
    s_.advance(cost_ns);
    model_.now_ns += cost_ns;
    for (std::uint32_t timer = 0; timer != kNoTimer;) {
      timer = s_.pop_due();
      CHECK(timer == model_.pop_due());
    }
  }
  void decide() {
    const Task* task = s_.decide(nullptr);
    if (task != nullptr) CHECK(runs(task->id));
  }

  bool runs(TaskId id) {
    return model_.tasks[id].state == TaskState::runnable && !model_.tasks[id].held;
  }

  void compare() {
    std::uint32_t runnable = 0;
    for (const auto& [id, expected] : model_.tasks) {
      const Task& task = s_.tasks[id];
      REQUIRE(task.state == expected.state);
      REQUIRE(task.held == expected.held);
      REQUIRE(task.wake == expected.wake);
      REQUIRE(task.queued == (expected.state == TaskState::waiting));
      REQUIRE((task.wait_kind == WaitKind::none) == !task.queued);
      if (runs(id)) {
        ++runnable;
        REQUIRE(task.run_index < s_.runnable_count);
        REQUIRE(s_.runnable[task.run_index] == id);
      }
    }
    REQUIRE(s_.runnable_count == runnable);
    REQUIRE(s_.live == model_.tasks.size());
    REQUIRE(s_.now_ns == model_.now_ns);
    REQUIRE(s_.wakes.state == model_.wakes.state);
    REQUIRE(s_.heap_count == model_.timers.size());
    REQUIRE(s_.next_deadline_ns == model_.next_deadline_ns());
    for (const auto& key : keys_) {
      const auto waiters = model_.waiters(key, ~0u);
      const Task* first = s_.first_waiter(key);
      REQUIRE((first == nullptr) == waiters.empty());
      if (first != nullptr) REQUIRE(first->id == waiters[0]);
    }
  }

  Scheduler& s_;
  Model model_;
  const std::vector<WaitKey>& keys_;
  std::uint64_t seed_;
  ChoiceStream script_;
  std::vector<std::uint32_t> timers_;
};

}  // namespace

TEST_CASE("model: random operations do what the plain model does") {
  Core core;
  const auto keys = colliding_keys(core);
  REQUIRE(keys.size() == 8);
  for (const Strategy* strategy : strategies()) {
    if (strategy->follows_choices) continue;  // wakes in order: see replay_test.cpp
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      CAPTURE(strategy->name);
      CAPTURE(seed);
      core.begin(seed, strategy->name);
      SideBySide both(core, keys, seed);
      for (int i = 0; i < 1500; ++i) both.step();
    }
  }
}

TEST_CASE("model: a full house of timers pops in order of deadline, then of arming") {
  Core core;
  core.begin(1);
  ChoiceStream script{4};
  std::vector<std::uint32_t> timers;
  for (std::uint32_t i = 0; i < kTimersMax - kTasksMax; ++i) {
    timers.push_back(core->allocate_timer(i));
  }
  CHECK(core->allocate_timer(0) == kNoTimer);
  for (int i = 0; i < 60000; ++i) {
    const auto timer = timers[script.below(timers.size())];
    if (script.below(4) == 0) {
      core->disarm(timer);
    } else {
      core->arm(timer, script.below(500));
    }
  }
  core->now_ns = 500;
  std::uint64_t deadline_ns = 0, order = 0, popped = 0;
  const auto armed = core->heap_count;
  for (std::uint32_t timer; (timer = core->pop_due()) != kNoTimer; ++popped) {
    const Timer& t = core->timers[timer];
    const bool later =
        t.deadline_ns > deadline_ns || (t.deadline_ns == deadline_ns && t.order > order);
    REQUIRE(later);
    deadline_ns = t.deadline_ns;
    order = t.order;
  }
  CHECK(popped == armed);
  CHECK(popped > 1000);
  CHECK(core->next_deadline_ns == kNever);
}
