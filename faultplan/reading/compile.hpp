// From a plan as it was written to the plan of one run.
#pragma once
#include <string>

#include "faultplan/reading/plan_text.hpp"

namespace detsim {

/// Fills in a zeroed state. `directory`: where the target starts; relative paths are below it.
/// Returns what is wrong; "" when nothing is. A plan without rules leaves the state zeroed, but for
/// its disk section.
std::string compile_plan(const Plan& plan, std::uint64_t seed, const std::string& directory,
                         FaultState& state);

}  // namespace detsim
