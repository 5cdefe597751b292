// The schedule of a kept run, for the drawing on a page: who ran when, and what happened.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace detsim {

/// The last events of a trace file: {first, tasks, words, faults, events: [[task, kind, words,
/// time_ns, chosen task]]}, with tasks and words by their place in their list. null: there is no
/// such trace.
nlohmann::ordered_json schedule_drawing(const std::string& trace_path);

}  // namespace detsim
