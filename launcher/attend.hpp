// Attends a run from its start to its end: serves its requests, watches its limits and its
// processes.
#pragma once
#include <sys/types.h>

#include "launcher/run.hpp"
#include "launcher/signals.hpp"
#include "trace/writer.hpp"

namespace detsim {

enum class Attended { ended, parked };

/// Returns when the run is over and no process of it is left; or when one of its processes has
/// parked, which was wanted (scheduler/park.hpp): then the run goes on when that one is ordered to.
/// `trace` may be nullptr. `parked`: how many are known to have parked already.
Attended attend(const RunOptions& options, pid_t root, const SignalWatch& signals,
                TraceWriter* trace, RunResult& result, std::size_t parked = 0);

}  // namespace detsim
