// What goes wrong in a run, and on which disk, as its user wrote it: --faults, --fault, --disk and
// its relatives, which kept failures, banks of seeds and suites repeat.
#pragma once
#include <string>

#include "launcher/run.hpp"

namespace detsim {

/// Whether --faults with this text names a file, and not a preset.
bool is_plan_file(const std::string& text);
/// Each adds to the plan of `options`, and to its texts. Returns what is wrong; "": nothing.
std::string add_faults(RunOptions& options, const std::string& text);
std::string add_fault(RunOptions& options, const std::string& text);
/// --disk, --profile, --in-place: what is wrong with them shows when the disk is made.
void add_disk(RunOptions& options, const std::string& path);
void set_profile(RunOptions& options, const std::string& name);
void set_in_place(RunOptions& options);

}  // namespace detsim
