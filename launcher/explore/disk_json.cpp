#include "launcher/explore/disk_json.hpp"

#include <nlohmann/json.hpp>

#include "launcher/fault_texts.hpp"

namespace detsim {

using Json = nlohmann::ordered_json;

Json disk_json_of(const RunOptions& options) {
  auto json = Json::object();
  if (!options.disk_texts.empty()) json["paths"] = options.disk_texts;
  if (!options.profile_text.empty()) json["profile"] = options.profile_text;
  if (options.in_place_given) json["in_place"] = true;
  if (!options.then.empty()) json["then"] = options.then;
  if (options.crashes != 0) json["crashes"] = options.crashes;
  return json;
}

void read_disk_json(const Json& json, RunOptions& options) {
  for (const auto& path : json.value("paths", std::vector<std::string>{})) add_disk(options, path);
  if (json.contains("profile")) set_profile(options, json.at("profile").get<std::string>());
  if (json.value("in_place", false)) set_in_place(options);
  options.then = json.value("then", "");
  options.crashes = json.value("crashes", options.crashes);
}

}  // namespace detsim
