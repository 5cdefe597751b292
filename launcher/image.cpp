#include "launcher/image.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "interpose/base/exec_image.hpp"

namespace detsim {
namespace {

std::vector<std::string>::iterator find(std::vector<std::string>& environment,
                                        const std::string& name) {
  return std::find_if(environment.begin(), environment.end(), [&](const std::string& entry) {
    return entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=';
  });
}

void set(std::vector<std::string>& environment, const std::string& name, const std::string& entry) {
  const auto found = find(environment, name);
  if (found == environment.end()) {
    environment.push_back(entry);
  } else {
    *found = entry;
  }
}

void unset(std::vector<std::string>& environment, const std::string& name) {
  for (auto found = find(environment, name); found != environment.end();
       found = find(environment, name)) {
    environment.erase(found);
  }
}

// The runtime that must come first: the target's, or one that the user preloads.
std::string first_library(const Target& target, const std::string& users_list) {
  if (!target.runtime.empty()) return target.runtime;
  const auto first = users_list.substr(0, users_list.find_first_of(": "));
  return must_come_first(first.c_str()) ? first : "";
}

StackUse use_of(const Target& target, const std::vector<std::string>& environment) {
  StackUse use;
  use.add_path(target.path.size());
  for (const auto& argument : target.arguments) use.add_string(argument.size());
  for (const auto& entry : environment) use.add_string(entry.size());
  return use;
}

}  // namespace

std::vector<std::string> target_environment(const std::vector<std::string>& changes) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  std::erase_if(environment, [](const std::string& entry) { return entry.starts_with("DETSIM_"); });
  for (const auto& change : changes) {
    const auto equals = change.find('=');
    const auto name = change.substr(0, equals);
    if (equals == change.npos) {
      unset(environment, name);
    } else {
      set(environment, name, change);
    }
  }
  return environment;
}

std::string variable(const std::vector<std::string>& environment, const std::string& name,
                     const std::string& otherwise) {
  const auto prefix = name + "=";
  for (const auto& entry : environment) {
    if (entry.starts_with(prefix)) return entry.substr(prefix.size());
  }
  return otherwise;
}

std::vector<std::string> image_environment(std::vector<std::string> environment,
                                           const Target& target, const std::string& library,
                                           const std::string& world, std::size_t extra_pad) {
  const bool has_own = find(environment, "LD_PRELOAD") != environment.end();
  const auto users_list = variable(environment, "LD_PRELOAD", "");
  const auto first = first_library(target, users_list);
  const auto list =
      (first.empty() ? "" : first + ":") + library + (has_own ? ":" : "") + users_list;
  set(environment, "LD_PRELOAD", kPreloadVariable + list);
  environment.push_back(kWorldVariable + world);
  // Behind the target's own strings: programs that look whether theirs stand in one piece (perl
  // does, to write its title there) find no gap that depends on what is ours.
  // As far as it does not change what the target's own strings take.
  const auto room = padding_of(use_of(target, environment));
  if (extra_pad > 0 && room.empty > 0 && room.fill > 0) {
    const auto bytes = std::min(extra_pad, room.fill);
    environment.insert(environment.end() - 1, kPadVariable + std::string(bytes, 'x'));
  }
  const auto padding = padding_of(use_of(target, environment));
  environment.insert(environment.end(), padding.empty, kPadVariable);
  environment.push_back(kPadVariable + std::string(padding.fill, 'x'));
  return environment;
}

}  // namespace detsim
