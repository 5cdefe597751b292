// pidfds: descriptors that stand for a process of the world.
#pragma once
#include <cstdint>

#include "interpose/calls/descriptors.hpp"

namespace detsim {

/// The object behind a pidfd of a real process; it becomes readable when that process ends.
ObjectId pidfd_object(std::int32_t real_pid);

/// The process ended: who waits for one of its pidfds looks again.
void tell_pidfds(const Process& process);

}  // namespace detsim
