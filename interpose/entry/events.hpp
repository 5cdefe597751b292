// The trace as seen from the shim: every event goes into the running digest, and into the ring
// when somebody wants the events themselves.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// Fills in time and task, and appends.
void record(Event event);

/// Records choices among waiters from now on, in this process.
void observe_wakes();

}  // namespace detsim
