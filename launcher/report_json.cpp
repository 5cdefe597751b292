// A report for programs. Members are only ever added: docs/reports.md says what there is.
#include <nlohmann/json.hpp>

#include "launcher/report.hpp"
#include "launcher/report_facts.hpp"
#include "launcher/run.hpp"

namespace detsim {
namespace {

using Json = nlohmann::ordered_json;

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

std::string report_json(World& world, Outcome outcome) {
  const auto facts = gather(world, outcome);
  Json json;
  json["outcome"] = word_of(outcome);
  json["sentence"] = facts.sentence;
  json["seed"] = world.config.seed;
  json["virtual_ns"] = facts.now_ns;
  json["events"] = facts.events;
  json["circles"] = Json::array();
  for (const auto& circle : facts.circles) {
    auto tids = Json::array();
    for (const auto id : circle) tids.push_back(facts.find(id)->tid);
    json["circles"].push_back(std::move(tids));
  }
  json["tasks"] = Json::array();
  for (const auto& task : facts.tasks) json["tasks"].push_back(json_of(task, facts));
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace detsim
