// Of which kind a descriptor is, as the kernel tells.
#pragma once
#include <sys/stat.h>

#include <cstdint>

#include "interpose/calls/descriptors.hpp"

namespace detsim {

/// Asks the kernel. Kind unknown: it is closed. Fills no entry and takes no reference.
Descriptor classify(int fd);

/// What a descriptor of this regular file is.
Descriptor regular_file(const struct stat& status);

/// At the start of the root process: what it has open came from outside.
void look_at_inherited();

/// The number behind a label in /proc/self/fdinfo/<fd>, as in "eventfd-id: 7"; -1: there is none.
std::int64_t fdinfo_number(int fd, const char* label);

}  // namespace detsim
