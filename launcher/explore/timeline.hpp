// A trace as a timeline: Chrome's trace event format, which ui.perfetto.dev and chrome://tracing
// open.
#pragma once
#include <string>

#include "trace/reader.hpp"

namespace detsim {

/// One row per task; its turns as slices, its calls within them, decisions and faults as marks.
/// False: the file cannot be written.
bool write_timeline(const TraceReader& trace, const std::string& path);

}  // namespace detsim
