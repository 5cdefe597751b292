#include "faultplan/reading/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <set>

#include "launcher/values.hpp"
#include "launcher/whole_file.hpp"

namespace detsim::yaml {

void refuse(const YAML::Node& at, const std::string& words) { throw Wrong{at.Mark(), words}; }

void check(const YAML::Node& at, const std::string& problem) {
  if (!problem.empty()) refuse(at, problem);
}

std::string text_of(const YAML::Node& node, const std::string& key) {
  if (!node.IsScalar()) refuse(node, fmt::format("'{}' takes one value", key));
  return node.Scalar();
}

std::uint64_t duration_of(const YAML::Node& node, const std::string& key) {
  const auto parsed = parse_duration(text_of(node, key));
  check(node, parsed.problem);
  return parsed.value;
}

bool flag_of(const YAML::Node& node, const std::string& key) {
  const auto text = text_of(node, key);
  if (text != "true" && text != "false") refuse(node, "it is true or false");
  return text == "true";
}

std::uint64_t number_of(const YAML::Node& node, const std::string& key, std::uint64_t min,
                        std::uint64_t max) {
  const auto parsed = parse_number(text_of(node, key), min, max);
  check(node, parsed.problem);
  return parsed.value;
}

void read_map(const YAML::Node& map, const std::string& what, const Keys& keys) {
  if (!map.IsMap()) refuse(map, fmt::format("{} is a map of keys and values", what));
  std::vector<std::string> names;
  for (const auto& [name, read] : keys) names.push_back(name);
  std::set<std::string> seen;
  for (const auto& entry : map) {
    const auto key = text_of(entry.first, what);
    if (!seen.insert(key).second) refuse(entry.first, fmt::format("'{}' is there twice", key));
    const auto* found = static_cast<const Read*>(nullptr);
    for (const auto& [name, read] : keys) {
      if (name == key) found = &read;
    }
    if (found == nullptr) {
      refuse(entry.first, fmt::format("{} has no key '{}'", what, key) + did_you_mean(key, names));
    }
    (*found)(entry.second);
  }
}

std::string read(const std::string& text, const std::string& name,
                 const std::function<void(const YAML::Node& root)>& part) {
  const auto words = [&](const YAML::Mark& mark, const std::string& problem) {
    if (mark.is_null()) return fmt::format("{}: {}", name, problem);
    return fmt::format("{}:{}:{}: {}", name, mark.line + 1, mark.column + 1, problem);
  };
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.size() > 1) refuse(documents[1], "a second document is not read");
    if (!documents.empty() && !documents[0].IsNull()) part(documents[0]);
    return "";
  } catch (const Wrong& wrong) {
    return words(wrong.mark, wrong.words);
  } catch (const YAML::Exception& error) {
    // What begins with a star is a reference for YAML.
    const bool is_star = error.msg == YAML::ErrorMsg::UNKNOWN_ANCHOR;
    return words(error.mark,
                 error.msg + (is_star ? " (a pattern that begins with * needs quotes)" : ""));
  }
}

bool read_file(const std::string& path, const std::string& what, std::string& text,
               std::string& problem) {
  auto bytes = whole_file(path);
  if (!bytes) {
    problem = fmt::format("cannot read {} '{}': {}", what, path, std::strerror(errno));
    return false;
  }
  text = std::move(*bytes);
  return true;
}

}  // namespace detsim::yaml
