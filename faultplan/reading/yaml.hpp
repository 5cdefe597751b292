// Reading YAML of which every key is known: plans (plan_file.hpp) and suites. What is wrong is told
// with file, line and column, and with the nearest right word.
#pragma once
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace detsim::yaml {

/// Thrown by what reads a part, and caught by read(): what is wrong, and where.
struct Wrong {
  YAML::Mark mark;
  std::string words;
};

[[noreturn]] void refuse(const YAML::Node& at, const std::string& words);
/// Refuses if the problem is not "".
void check(const YAML::Node& at, const std::string& problem);

std::string text_of(const YAML::Node& node, const std::string& key);
std::uint64_t duration_of(const YAML::Node& node, const std::string& key);
bool flag_of(const YAML::Node& node, const std::string& key);
std::uint64_t number_of(const YAML::Node& node, const std::string& key, std::uint64_t min,
                        std::uint64_t max);

using Read = std::function<void(const YAML::Node& value)>;
using Keys = std::vector<std::pair<std::string, Read>>;

/// Reads a map of which every key is known. `what`: "a plan".
void read_map(const YAML::Node& map, const std::string& what, const Keys& keys);

/// Reads a text by `part`. Returns what is wrong, with `name`, line and column in front; "":
/// nothing. An empty text is not read.
std::string read(const std::string& text, const std::string& name,
                 const std::function<void(const YAML::Node& root)>& part);
/// The text of a file. False: `problem` says why not; `what`: "the plan".
bool read_file(const std::string& path, const std::string& what, std::string& text,
               std::string& problem);

}  // namespace detsim::yaml
