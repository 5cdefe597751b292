// What the scheduler must do, written as plainly as possible: lists searched from the front, no
// hashing, no heap, no links. The model test runs both side by side.
#pragma once
#include <algorithm>
#include <map>
#include <vector>

#include "scheduler/scheduler.hpp"

namespace detsim::test {

struct ModelTask {
  TaskState state = TaskState::runnable;
  bool held = false;
  Wake wake = Wake::none;
  WaitKey key;
  std::uint32_t bits = 0;
  bool interruptible = false;
};

struct ModelTimer {
  std::uint64_t deadline_ns;
  std::uint64_t order;
  std::uint32_t timer;
};

struct Model {
  std::uint64_t now_ns = 0;
  std::uint64_t arms = 0;
  ChoiceStream wakes;
  std::map<TaskId, ModelTask> tasks;  // alive
  std::vector<TaskId> queue;          // everybody who waits, whatever for, in order of queueing
  std::vector<ModelTimer> timers;

  explicit Model(std::uint64_t seed) : wakes(ChoiceStream::derive(seed, Stream::wake)) {}

  void disarm(std::uint32_t timer) {
    std::erase_if(timers, [&](const ModelTimer& t) { return t.timer == timer; });
  }
  void arm(std::uint32_t timer, std::uint64_t deadline_ns) {
    disarm(timer);
    if (deadline_ns != kNever) timers.push_back({deadline_ns, ++arms, timer});
  }
  void make_runnable(TaskId id, Wake why) {
    tasks[id].state = TaskState::runnable;
    tasks[id].wake = why;
    std::erase(queue, id);
    disarm(id);
  }
  void wait(TaskId id, WaitKey key, std::uint32_t bits, std::uint64_t deadline_ns,
            bool interruptible) {
    auto& task = tasks[id];
    task = {TaskState::waiting, task.held, Wake::none, key, bits, interruptible};
    queue.push_back(id);
    if (deadline_ns != kNever) arm(id, deadline_ns);
  }
  std::vector<TaskId> waiters(WaitKey key, std::uint32_t bits) {
    std::vector<TaskId> found;
    for (const TaskId id : queue) {
      if (tasks[id].key == key && (tasks[id].bits & bits) != 0) found.push_back(id);
    }
    return found;
  }
  std::uint32_t wake(WaitKey key, std::uint32_t count, std::uint32_t bits) {
    auto candidates = waiters(key, bits);
    std::uint32_t woken = 0;
    for (; woken < count && !candidates.empty(); ++woken) {
      const bool all = candidates.size() <= count - woken;
      const auto index = all ? 0 : wakes.below(candidates.size());
      make_runnable(candidates[index], Wake::woken);
      candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(index));
    }
    return woken;
  }
  std::uint32_t requeue(WaitKey from, WaitKey to, std::uint32_t count) {
    auto candidates = waiters(from, ~0u);
    if (candidates.size() > count) candidates.resize(count);
    if (from == to) return static_cast<std::uint32_t>(candidates.size());
    for (const TaskId id : candidates) {
      tasks[id].key = to;
      std::erase(queue, id);
      queue.push_back(id);
    }
    return static_cast<std::uint32_t>(candidates.size());
  }
  bool interrupt(TaskId id) {
    if (tasks[id].state != TaskState::waiting || !tasks[id].interruptible) return false;
    make_runnable(id, Wake::interrupted);
    return true;
  }
  void end(TaskId id) {
    std::erase(queue, id);
    disarm(id);
    tasks.erase(id);
  }
  std::uint64_t next_deadline_ns() const {
    std::uint64_t earliest = kNever;
    for (const auto& timer : timers) earliest = std::min(earliest, timer.deadline_ns);
    return earliest;
  }
  std::uint32_t pop_due() {
    for (;;) {
      const auto first = std::min_element(
          timers.begin(), timers.end(), [](const ModelTimer& a, const ModelTimer& b) {
            return a.deadline_ns != b.deadline_ns ? a.deadline_ns < b.deadline_ns
                                                  : a.order < b.order;
          });
      if (first == timers.end() || first->deadline_ns > now_ns) return kNoTimer;
      const auto timer = first->timer;
      timers.erase(first);
      if (timer >= kTasksMax) return timer;
      make_runnable(timer, Wake::timed_out);
    }
  }
};

}  // namespace detsim::test
