// Fault plans in files: YAML, as docs/faults.md and the schema (schema.hpp) describe it.
#pragma once
#include <string>

#include "faultplan/reading/plan_text.hpp"

namespace detsim {

/// Reads a plan file and adds what it says to `plan`. Returns what is wrong, with file, line and
/// column in front ("plan.yaml:3:12: ..."); "" when nothing is.
std::string read_plan_file(const std::string& path, Plan& plan);
/// The same of a text; `name` stands for the file.
std::string read_plan_text(const std::string& text, const std::string& name, Plan& plan);

}  // namespace detsim
