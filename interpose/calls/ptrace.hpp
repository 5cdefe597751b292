// Tracing, as far as LeakSanitizer needs it: to look at all of its own threads it makes a helper
// process that shares their memory and attaches to each of them (sanitizer_stoptheworld_linux).
// Attaching holds the task in the scheduler; its registers are in the frame of the call it is in.
//
// A tracer of anything else (gdb, strace) would see the shim and real time: refused, and said.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// The task with this tid, if the current process traces it and was not yet told that it stopped;
/// it counts as told afterwards. Else nullptr.
Task* take_trace_stop(std::int32_t tid);
/// The process ends: what it traced goes on.
void end_tracing_by(const Process& tracer);

}  // namespace detsim
