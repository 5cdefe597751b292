// timerfd: a descriptor that becomes readable in virtual time.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// `periods` expirations are to be read from the descriptor.
void timer_descriptor_expired(OwnedTimer& timer, std::uint64_t periods);

}  // namespace detsim
