// What each run of an exploration has for itself, so that runs go side by side without meeting.
#pragma once
#include <string>

#include "launcher/run.hpp"

namespace detsim {

/// What is at this path, or will be, is in no copy of a directory: no run sees what detsim writes.
void leave_out(RunOptions& run, const std::string& path);
/// These paths, the bank of seeds, and the files that this command's output goes to.
void leave_out_own_files(RunOptions& run, const std::vector<std::string>& paths);

/// Empty /tmp, /var/tmp and /dev/shm, and a copy of the working directory unless it is large.
/// Returns what the user should know about it, in one line; mostly nothing.
std::string make_private(RunOptions& run);

}  // namespace detsim
