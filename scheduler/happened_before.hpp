// Which schedules are the same for the program: runs in which every object was used by the same
// tasks in the same order, however unrelated steps lay between each other (Mazurkiewicz traces).
//
// Each step's hash is made of the step before it of its task, of the step before it at its object,
// and of what it does. The run's hash is their sum, which does not depend on the order in which
// they were added. A step at no known object is taken to meet all others of its kind. Objects
// share slots when their addresses collide: what is the same may count as two. The ends of a pipe
// are two objects here: schedules that differ in nothing but their order there count as one.
#pragma once
#include <cstdint>

#include "scheduler/task.hpp"
#include "scheduler/world.hpp"

namespace detsim {

constexpr std::uint32_t kObjectSlots = 4096;  // a power of two

/// Lies behind the choices. Zeroed memory is a run that has done nothing.
struct HappenedBefore {
  std::uint64_t sum = 0;
  std::uint64_t steps = 0;
  std::uint64_t object[kObjectSlots] = {};
  std::uint64_t task[kTasksMax] = {};

  void step(const Task& who) {
    const auto slot = mix64(who.next.object) % kObjectSlots;
    const auto before = task[who.id] + mix64(who.ancestry + 1);  // ids are used again
    const auto what = static_cast<std::uint64_t>(who.next.kind) + 1;
    const auto hash = mix64(before * 0x9e3779b97f4a7c15u + object[slot] + what);
    task[who.id] = object[slot] = hash;
    sum += mix64(hash);
    ++steps;
  }
};

constexpr std::uint64_t kWorldHappenedBefore = kWorldChoices + (1ull << 30);
inline HappenedBefore& happened_before() {
  return *reinterpret_cast<HappenedBefore*>(kWorldHappenedBefore);
}

}  // namespace detsim
