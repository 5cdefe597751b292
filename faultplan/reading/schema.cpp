#include "faultplan/reading/schema.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "faultplan/reading/choices.hpp"
#include "faultplan/reading/plan_text.hpp"

namespace detsim {
namespace {

using Json = nlohmann::ordered_json;

Json number_from(double least) { return {{"type", "number"}, {"minimum", least}}; }
Json integer_from(int least) { return {{"type", "integer"}, {"minimum", least}}; }

Json duration() {
  return {{"description", "nanoseconds to hours: 500ms, 2s; seconds without a unit"},
          {"type", {"string", "number"}},
          {"pattern", "^[0-9.]+(ns|us|ms|s|m|h)?$"}};
}

Json probability() {
  return {{"anyOf",
           {{{"type", "number"}, {"minimum", 0}, {"maximum", 1}},
            {{"type", "string"}, {"pattern", "^[0-9.]+%$"}}}}};
}

Json text(const char* words) { return {{"type", "string"}, {"description", words}}; }

Json one_of(const std::vector<std::string>& names) { return {{"type", "string"}, {"enum", names}}; }

std::vector<std::string> ids() {
  std::vector<std::string> names;
  for (unsigned i = 0; i < kFaults; ++i) names.emplace_back(name_of(static_cast<FaultId>(i)));
  return names;
}

Json point() {
  return {{"type", "object"},
          {"description", "a crash point: at which operation, and on which side of it"},
          {"additionalProperties", false},
          {"properties",
           {{"op", text("operation: rename, write, sync, ...")},
            {"call", text("system call")},
            {"path", text("pattern")},
            {"timing", one_of({"before", "after", "during"})},
            {"occurrence", integer_from(1)}}}};
}

// Words that are numbers may be written as such.
Json choice(const FaultParameter& parameter) {
  Json values = Json::array();
  for (const auto& word : choices_of(parameter)) {
    values.push_back(word);
    if (word.find_first_not_of("0123456789") == word.npos) values.push_back(std::stoi(word));
  }
  return {{"description", parameter.words}, {"enum", values}};
}

Json parameter_schema(const FaultParameter& parameter) {
  if (!choices_of(parameter).empty()) return choice(parameter);
  switch (parameter.unit) {
    case Unit::ns: return duration();
    case Unit::flag: return {{"type", "boolean"}};
    case Unit::per_billion: return probability();
    default: return integer_from(0);
  }
}

// One name may have another unit with another fault.
void add_parameters(Json& properties) {
  Json all = Json::object();
  for (unsigned i = 0; i < kFaults; ++i) {
    for (const auto& parameter : row_of(static_cast<FaultId>(i)).parameters) {
      if (parameter.name == nullptr || properties.contains(parameter.name)) continue;
      auto& schemas = all[parameter.name];
      const auto schema = parameter_schema(parameter);
      if (std::find(schemas.begin(), schemas.end(), schema) == schemas.end()) {
        schemas.push_back(schema);
      }
    }
  }
  for (const auto& [name, schemas] : all.items()) {
    properties[name] = schemas.size() == 1 ? schemas[0] : Json{{"anyOf", schemas}};
  }
}

Json rule() {
  Json process = {{"anyOf",
                   {{{"type", "string"}},
                    {{"type", "object"},
                     {"additionalProperties", false},
                     {"properties", {{"name", text("pattern")}, {"nth", integer_from(1)}}}}}}};
  Json properties = {
      {"fault", {{"anyOf", {one_of(ids()), {{"type", "string"}}}}}},
      {"probability", probability()},
      {"after", integer_from(0)},
      {"max", integer_from(1)},
      {"when", {{"type", {"string", "integer"}}, {"description", "FIRST..LAST+STEP, from 1"}}},
      {"sequence", {{"type", "string"}, {"pattern", "^[wx]*X?$"}}},
      {"path", text("pattern: * within a directory, ** across, ?, [a-z], {a,b}")},
      {"site", text("pattern of sites' names")},
      {"kind", text("of a descriptor: file, directory, pipe, stream, datagram, terminal, ...")},
      {"op", text("operation: read, write, sync, rename, ...")},
      {"call", text("system call")},
      {"error", text("errno, one that the fault may answer: ENOSPC")},
      {"process", process},
      {"nth", integer_from(1)},
      {"from", duration()},
      {"until", duration()},
      {"window",
       {{"type", "object"},
        {"additionalProperties", false},
        {"properties", {{"from", duration()}, {"until", duration()}}}}},
      {"at", point()}};
  add_parameters(properties);
  return {{"type", "object"},
          {"required", {"fault"}},
          {"additionalProperties", false},
          {"properties", properties}};
}

}  // namespace

std::string plan_schema() {
  std::vector<std::string> names;
  for (const auto& preset : presets()) names.emplace_back(preset.name);
  const Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "A fault plan of detsim"},
      {"type", {"object", "null"}},
      {"additionalProperties", false},
      {"properties",
       {{"preset", {{"anyOf", {one_of(names), {{"type", "string"}, {"pattern", "^verify:"}}}}}},
        {"fault", text("of the preset verify")},
        {"multiplier", number_from(0)},
        {"rules", {{"type", "array"}, {"items", rule()}}},
        {"phases",
         {{"type", "object"},
          {"additionalProperties", false},
          {"properties", {{"quiet", duration()}, {"liveness_after", duration()}}}}},
        {"disk",
         {{"type", "object"},
          {"additionalProperties", false},
          {"properties",
           {{"paths", {{"type", "array"}, {"items", {{"type", "string"}}}}},
            {"profile", text("how the disk forgets")},
            {"in_place", {{"type", "boolean"}}}}}}}}}};
  return schema.dump(2);
}

}  // namespace detsim
