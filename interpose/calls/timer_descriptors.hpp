// timerfd: a descriptor that becomes readable in virtual time.
#pragma once
#include "interpose/calls/descriptors.hpp"
#include "scheduler/world.hpp"

namespace detsim {

/// `periods` expirations are to be read from the descriptor.
void timer_descriptor_expired(OwnedTimer& timer, std::uint64_t periods);

/// The last descriptor of a timer was closed.
void timer_descriptor_gone(IoObject& object);

/// read(2): the number of expirations since the last one; -EAGAIN when there was none.
long take_expirations(int fd, IoObject& object, void* to, std::size_t bytes);

}  // namespace detsim
