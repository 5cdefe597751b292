// Starts the root process: everything that must be settled between fork and execve.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "launcher/launch.hpp"

namespace detsim {

/// The core that the run is pinned to: the one this process was put on, which the kernel chose
/// because it was idle.
std::uint32_t choose_core();

struct Start {
  pid_t pid = -1;
  std::string problem;  // not empty: there is no process
};

/// The new process executes the target at once. Signal dispositions and the signal mask are as
/// this process got them, whatever it changed for itself (signals.hpp). With a view, the process
/// is in it.
Start start_root(const RunOptions& options, const Launch& launch, const Target& target);

}  // namespace detsim
