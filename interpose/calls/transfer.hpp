// What moving data has in common, whichever call moves it.
#pragma once
#include <cstdint>

#include "interpose/calls/descriptors.hpp"

namespace detsim {

/// Data or space of one end was taken: it is space or data of the other, whose waiters look again.
void transferred(Descriptor descriptor, std::uint32_t events_at_other_end);

/// Whether poll(2) says so, now.
bool is_ready(int fd, int poll_events);

/// What a write came to: changes the times of a file, and posts the signals that the kernel would
/// have sent, had the shim not had it ignore them (SIGPIPE, SIGXFSZ). Returns `result`.
long written(Descriptor descriptor, long result);

}  // namespace detsim
