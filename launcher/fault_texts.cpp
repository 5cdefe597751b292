#include "launcher/fault_texts.hpp"

#include <filesystem>

#include "faultplan/reading/plan_file.hpp"

namespace detsim {

bool is_plan_file(const std::string& text) {
  return text.find('/') != text.npos || text.ends_with(".yaml") || text.ends_with(".yml") ||
         std::filesystem::is_regular_file(text);
}

std::string add_faults(RunOptions& options, const std::string& text) {
  const auto problem =
      is_plan_file(text) ? read_plan_file(text, options.faults) : set_preset(options.faults, text);
  if (!problem.empty()) return problem;
  if (options.faults.preset == "verify" && options.faults.verify_fault.empty()) {
    return "verify needs a fault: verify:disk.full";
  }
  options.faults_text = text;
  return "";
}

std::string add_fault(RunOptions& options, const std::string& text) {
  auto problem = add_rule_text(options.faults, text);
  if (problem.empty()) options.fault_texts.push_back(text);
  return problem;
}

void add_disk(RunOptions& options, const std::string& path) {
  options.faults.disk_paths.push_back(path);
  options.disk_texts.push_back(path);
}

void set_profile(RunOptions& options, const std::string& name) {
  options.faults.disk_profile = options.profile_text = name;
}

void set_in_place(RunOptions& options) {
  options.faults.disk_in_place = options.in_place_given = true;
}

}  // namespace detsim
