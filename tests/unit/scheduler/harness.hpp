// A scheduler to test with, and a tiny interpreter that runs programs of known operations on it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "scheduler/scheduler.hpp"

namespace detsim::test {

/// What a broken invariant throws in the tests.
struct InvariantBroken : std::logic_error {
  using std::logic_error::logic_error;
};

std::uint32_t strategy_index(const std::string& name);

/// A zeroed scheduler of several megabytes, reused from run to run.
class Core {
 public:
  Core() : memory_(static_cast<Scheduler*>(std::calloc(1, sizeof(Scheduler))), &std::free) {}

  Scheduler& operator*() { return *memory_; }
  Scheduler* operator->() { return memory_.get(); }

  /// As new, and begun.
  void begin(std::uint64_t seed, const std::string& strategy = "random",
             std::uint64_t parameter = 0, std::uint64_t length = 0) {
    Scheduler& s = *memory_;
    for (TaskId id = 0; id < s.tasks_used; ++id) {
      if (s.tasks[id].state == TaskState::runnable || s.tasks[id].state == TaskState::waiting) {
        s.end(s.tasks[id]);
      }
      std::memset(static_cast<void*>(&s.tasks[id]), 0, sizeof(Task));
    }
    for (std::uint32_t i = 0; i < s.timers_used; ++i) s.disarm(kTasksMax + i);
    std::memset(static_cast<void*>(&s), 0, offsetof(Scheduler, runnable));
    s.strategy.index = strategy_index(strategy);
    s.strategy.parameter = parameter;
    s.strategy.length = length;
    s.begin(seed);
  }

 private:
  std::unique_ptr<Scheduler, void (*)(void*)> memory_;
};

using Thread = std::vector<Operation>;
using Program = std::vector<Thread>;
using Order = std::vector<std::uint32_t>;  // which thread executed the n-th event

constexpr Operation on(std::uint64_t object, OperationKind kind = OperationKind::write) {
  return {kind, object};
}

/// A thread of `count` events on an object of its own.
Thread alone(std::uint64_t object, std::size_t count);

/// Starts all threads, lets `prepare` look at them, and runs them to their end.
Order run(Core& core, const Program& program, std::uint64_t seed,
          const std::function<void(Scheduler&)>& prepare = {});

/// Goodness of fit. `expected` are absolute frequencies; the bound is five standard deviations
/// above the mean of the distribution, which a correct sampler misses once in some 10^5 seeds
/// (and the seeds are fixed).
struct Fit {
  double statistic = 0;
  double bound = 0;
  bool good() const { return statistic < bound; }
};
Fit chi_square(const std::vector<double>& observed, const std::vector<double>& expected);

/// All interleavings of threads with the given numbers of events.
std::vector<Order> interleavings(const std::vector<std::size_t>& lengths);

/// How far a frequency may lie from a probability: five standard deviations.
double tolerance(double probability, double trials);

}  // namespace detsim::test
