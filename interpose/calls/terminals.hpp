// Terminals: the kernel's own, with the world's process groups.
#pragma once
#include <cstdint>

#include "interpose/calls/descriptors.hpp"

namespace detsim {

/// The object of a terminal: both ends of a pseudo-terminal are one. kNoObject: it is none.
ObjectId terminal_object(int fd, std::uint64_t device);

/// ioctl on a terminal, as far as the world has its own answer. False: the kernel has it.
bool terminal_command(IoObject& object, std::uint64_t request, std::uint64_t argument,
                      long& result);

}  // namespace detsim
