#include "trace/format.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <nlohmann/json.hpp>

namespace detsim {

using Json = nlohmann::ordered_json;

std::string to_json(const TraceMetadata& metadata) {
  Json json;
  json["detsim"] = metadata.detsim_version;
  json["seed"] = metadata.seed;
  json["strategy"] = metadata.strategy;
  json["command"] = metadata.command;
  // An argument may hold any bytes; those that are no UTF-8 are replaced, not refused.
  auto text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

bool from_json(const std::string& text, TraceMetadata& metadata) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return false;
  try {
    metadata.detsim_version = json.at("detsim").get<std::string>();
    metadata.seed = json.at("seed").get<std::uint64_t>();
    metadata.strategy = json.at("strategy").get<std::string>();
    metadata.command = json.at("command").get<std::vector<std::string>>();
  } catch (const Json::exception&) {
    return false;
  }
  return true;
}

std::uint64_t check_sum(const void* data, std::size_t bytes) { return XXH3_64bits(data, bytes); }

}  // namespace detsim
