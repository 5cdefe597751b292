// What is said about a run that detsim stopped, and about any run to programs.
#pragma once
#include <cstdio>
#include <string>

#include "launcher/report_facts.hpp"
#include "launcher/run.hpp"

namespace detsim {

/// Each task's name, what it waits for and who holds it, and its stack with function, file and
/// line; circles of tasks that wait for each other first. Colours only when `out` is a terminal.
void print_report(const StopFacts& facts, std::FILE* out);

/// Which task a signal ended, and its stack.
void print_crash(const CrashFacts& facts, std::FILE* out);

/// The stack of the task that was running, in indented lines; never empty.
std::string report_current(World& world, Outcome outcome);

/// The same for programs, as JSON text: the member `stop` of the report of a run.
std::string json_of(const StopFacts& facts);
/// The member `crash`.
std::string json_of(const CrashFacts& facts);

/// What came of a run, as one JSON object, described in docs/reports.md. `program`: argv[0].
std::string report_of_run(const RunOptions& options, const RunResult& result,
                          const std::string& program);

}  // namespace detsim
