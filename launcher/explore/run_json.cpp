#include "launcher/explore/run_json.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "launcher/explore/disk_json.hpp"
#include "launcher/fault_texts.hpp"

namespace detsim {
namespace {

using Json = nlohmann::ordered_json;

// `visit` is called for each key with its field; so writing and reading know the same ones.
template <typename Run, typename Visit>
void for_each_field(Run& run, const Visit& visit) {
  visit("command", run.command);
  visit("environment", run.environment);
  visit("cpus", run.cpus);
  visit("epoch_ns", run.epoch_ns);
  visit("virtual_limit_ns", run.virtual_limit_ns);
  visit("faults", run.faults_text);
  visit("fault", run.fault_texts);
  visit("left_out", run.left_out);
}

template <typename Value>
Value value_in(const Json& json, const char* key, const Value& otherwise) {
  const auto at = json.find(key);
  return at == json.end() ? otherwise : at->template get<Value>();
}

Json json_of(const Limits& limits) {
  return {{"output_bytes", limits.output_bytes},
          {"file_bytes", limits.file_bytes},
          {"processes", limits.processes},
          {"disk_bytes", limits.disk_bytes}};
}

void take_directories(const Json& json, RunOptions& run) {
  for (const auto& directory : value_in(json, "private_directories", Json::array())) {
    run.private_directories.push_back({.shown = directory.at("path").get<std::string>(),
                                       .copy = "",
                                       .starts_empty = directory.at("starts_empty").get<bool>()});
  }
}

void take_limits(const Json& json, Limits& limits) {
  const auto at = json.find("limits");
  if (at == json.end()) return;
  limits = {.output_bytes = value_in(*at, "output_bytes", limits.output_bytes),
            .file_bytes = value_in(*at, "file_bytes", limits.file_bytes),
            .processes = value_in(*at, "processes", limits.processes),
            .disk_bytes = value_in(*at, "disk_bytes", limits.disk_bytes)};
}

}  // namespace

void put_run(Json& json, const RunOptions& run) {
  Json all, plain;
  const RunOptions defaults;
  for_each_field(run, [&](const char* key, const auto& value) { all[key] = value; });
  for_each_field(defaults, [&](const char* key, const auto& value) { plain[key] = value; });
  for (const auto& [key, value] : all.items()) {
    if (value != plain[key]) json[key] = value;
  }
  const auto& branch = run.branch;
  if (!branch.is_root()) json["branch"] = {{"decision", branch.decision}, {"child", branch.child}};
  if (auto disk = disk_json_of(run); !disk.empty()) json["disk"] = std::move(disk);
  if (run.limits != Limits{}) json["limits"] = json_of(run.limits);
  for (const auto& directory : run.private_directories) {
    json["private_directories"].push_back(
        {{"path", directory.shown}, {"starts_empty", directory.starts_empty}});
  }
}

void take_run(const Json& json, RunOptions& run) {
  (void)json.at("command");
  for_each_field(run, [&](const char* key, auto& value) { value = value_in(json, key, value); });
  const auto branch = value_in(json, "branch", Json::object());
  run.branch = {.decision = value_in(branch, "decision", std::uint64_t{0}),
                .child = value_in(branch, "child", std::uint64_t{0})};
  read_disk_json(value_in(json, "disk", Json::object()), run);
  take_limits(json, run.limits);
  take_directories(json, run);
}

std::string read_plan(RunOptions& run) {
  const auto text = std::exchange(run.faults_text, {});
  const auto rules = std::exchange(run.fault_texts, {});
  auto problem = text.empty() ? "" : add_faults(run, text);
  for (const auto& rule : rules) {
    if (problem.empty()) problem = add_fault(run, rule);
  }
  return problem;
}

}  // namespace detsim
