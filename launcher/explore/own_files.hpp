// What each run of an exploration has for itself, so that runs go side by side without meeting.
#pragma once
#include <string>

#include "launcher/run.hpp"

namespace detsim {

/// Empty /tmp, /var/tmp and /dev/shm, and a copy of the working directory unless it is large.
/// Returns what the user should know about it, in one line; mostly nothing.
std::string make_private(RunOptions& run);

}  // namespace detsim
