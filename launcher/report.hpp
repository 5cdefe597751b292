// What is said about a run that detsim stopped. Called while the run's processes still exist, so
// that their stacks can be read.
#pragma once
#include <cstdio>
#include <string>

#include "scheduler/world.hpp"

namespace detsim {

/// Each task's name, what it waits for and who holds it, and its stack with function, file and
/// line; circles of tasks that wait for each other first. `outcome`: deadlock, a limit, or
/// stopped. Colours only when `out` is a terminal.
void report_stop(World& world, Outcome outcome, std::FILE* out);

/// The stack of the task that was running, in indented lines; never empty.
std::string report_current(World& world, Outcome outcome);

/// The same for programs: one JSON object, described in docs/reports.md.
std::string report_json(World& world, Outcome outcome);

}  // namespace detsim
