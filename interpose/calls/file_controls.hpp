// ioctl on files and random devices, as far as the world has its own answer.
#pragma once
#include <cstdint>

#include "interpose/calls/descriptors.hpp"

namespace detsim {

/// False: the kernel has the answer.
bool file_command(int fd, Descriptor descriptor, std::uint64_t request, std::uint64_t argument,
                  long& result);

}  // namespace detsim
