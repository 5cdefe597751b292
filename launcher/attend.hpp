// Attends a run from its start to its end: serves its requests, watches its limits and its
// processes.
#pragma once
#include <sys/types.h>

#include "launcher/run.hpp"
#include "launcher/signals.hpp"
#include "trace/writer.hpp"

namespace detsim {

/// Returns when the run is over and no process of it is left. `trace` may be nullptr.
void attend(const RunOptions& options, pid_t root, const SignalWatch& signals, TraceWriter* trace,
            RunResult& result);

}  // namespace detsim
