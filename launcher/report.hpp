// What is said about a run that detsim stopped. Called while the run's processes still exist, so
// that their stacks can be read.
#pragma once
#include <cstdio>

#include "scheduler/world.hpp"

namespace detsim {

/// Each task's name, what it waits for and who holds it, and its stack with function, file and
/// line. `outcome`: deadlock, a limit, or stopped.
void report_stop(World& world, Outcome outcome, std::FILE* out);

}  // namespace detsim
