// A report for programs. Members are only ever added: docs/reports.md says what there is.
#include <fmt/format.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "launcher/report.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

using Json = nlohmann::ordered_json;

// Names and paths are bytes, which need not be UTF-8.
std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

Json json_of(const StackFrame& frame) {
  Json json;
  json["address"] = frame.address;
  if (!frame.function.empty()) json["function"] = frame.function;
  if (!frame.module.empty()) {
    json["module"] = frame.module;
    json["offset"] = frame.offset;
  }
  if (!frame.file.empty()) {
    json["file"] = frame.file;
    json["line"] = frame.line;
  }
  json["inlined"] = frame.inlined;
  return json;
}

Json json_of(const WaitFacts& wait, const StopFacts& facts) {
  Json json;
  json["verb"] = wait.verb;
  json["kind"] = wait.noun;
  if (!wait.object.empty()) json["object"] = wait.object;
  if (wait.address != 0) json["address"] = wait.address;
  if (const auto* holder = facts.find(wait.holder)) json["holder"] = holder->tid;
  if (!wait.holder_words.empty()) json["holder_words"] = wait.holder_words;
  if (!wait.remark.empty()) json["remark"] = wait.remark;
  json["since_ns"] = wait.since_ns;
  if (wait.until_ns != kNever) json["until_ns"] = wait.until_ns;
  return json;
}

Json json_of(const TaskFacts& task, const StopFacts& facts) {
  Json json;
  json["task"] = task.tid;
  json["name"] = task.name;
  json["process"] = task.pid;
  json["program"] = task.process;
  json["state"] = task.state;
  if (task.wait) json["waits"] = json_of(*task.wait, facts);
  json["stack"] = Json::array();
  for (const auto& frame : task.stack) json["stack"].push_back(json_of(frame));
  if (task.stack.empty() && !task.stack_problem.empty()) {
    json["stack_problem"] = task.stack_problem;
  }
  return json;
}

}  // namespace

std::string json_of(const StopFacts& facts) {
  Json json;
  json["sentence"] = facts.sentence;
  json["circles"] = Json::array();
  for (const auto& circle : facts.circles) {
    auto tids = Json::array();
    for (const auto id : circle) tids.push_back(facts.find(id)->tid);
    json["circles"].push_back(std::move(tids));
  }
  json["tasks"] = Json::array();
  for (const auto& task : facts.tasks) json["tasks"].push_back(json_of(task, facts));
  return text_of(json);
}

std::string json_of(const CrashFacts& facts) {
  Json json;
  json["signal"] = facts.signal;
  json["task"] = json_of(facts.task, StopFacts{});
  return text_of(json);
}

std::string report_of_run(const RunOptions& options, const RunResult& result,
                          const std::string& program) {
  const auto status = static_cast<int>(result.status);
  const bool started = result.refused == 0;
  Json json;
  json["detsim"] = DETSIM_VERSION;
  json["command"] = options.command;
  json["seed"] = options.seed;
  json["strategy"] = strategy_of(options);
  json["reproduce"] = command_line_of(options, program);
  json["outcome"] = !started                      ? "refused"
                    : result.ended_by_signal != 0 ? "interrupted"
                                                  : word_of(result.outcome);
  json["exit_code"] = exit_code_of(result);
  if (started && result.outcome == Outcome::finished && WIFSIGNALED(status)) {
    json["signal"] = WTERMSIG(status);
  }
  if (!result.problem.empty()) json["problem"] = result.problem;
  if (started) {
    json["virtual_ns"] = result.virtual_ns;
    json["events"] = result.events;
    json["calls"] = result.calls;
    json["trace"] = fmt::format("{:016x}", result.trace_hash);
  }
  const bool has_faults = !result.faults.rules.empty() || !result.faults.properties.empty();
  if (has_faults) json["faults"] = json_of(result.faults);
  if (!result.trace_loss.empty()) json["trace_loss"] = result.trace_loss;
  if (!result.stop.empty()) json["stop"] = Json::parse(result.stop);
  if (!result.crash.empty()) json["crash"] = Json::parse(result.crash);
  return text_of(json) + "\n";
}

}  // namespace detsim
