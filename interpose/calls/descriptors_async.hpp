// O_ASYNC: a signal for the owner of a descriptor when something happens to it (fcntl(2),
// F_SETOWN). The kernel's own would come at its own time and with real pids.
#pragma once
#include <cstdint>

#include "interpose/calls/descriptors.hpp"

namespace detsim {

/// Something happened to an object whose owner wants to know.
void signal_owner(const IoObject& object, std::uint32_t events);

/// The commands of fcntl that are about owners and flags. False: it is another one.
bool async_command(int fd, int command, std::uint64_t argument, long& result);

/// FIOASYNC.
long set_async(int fd, bool wanted);

}  // namespace detsim
