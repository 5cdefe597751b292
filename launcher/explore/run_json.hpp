// What decides a run, but for its seed and strategy, as keys of a JSON object: the same in what is
// kept of a failure, of an exploration, and in a bank of seeds. What is as it is when nothing was
// asked for is left out.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "launcher/run.hpp"

namespace detsim {

void put_run(nlohmann::ordered_json& json, const RunOptions& run);
/// Fills in what the keys say; the plan only in words. Throws nlohmann::json::exception for a value
/// of another type.
void take_run(const nlohmann::ordered_json& json, RunOptions& run);
/// Makes the fault plan of its words. Empty: done; else why it cannot be read.
std::string read_plan(RunOptions& run);

}  // namespace detsim
