// File locks: the kernel's own, tried, then waited for in the world.
#pragma once
#include <cstdint>

namespace detsim {

/// The lock commands of fcntl. False: the command is another one.
bool lock_command(int fd, int command, std::uint64_t argument, long& result);

/// A descriptor was closed, or a process ended, which may have released locks.
void locks_may_be_free();

}  // namespace detsim
