// Runs the targets of these tests under rules.
#pragma once
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/launcher/command.hpp"

namespace detsim {

/// `detsim run` of targets/calls with what it is to do and these rules (--fault).
inline CommandResult strike(const std::string& what, const std::vector<std::string>& rules,
                            unsigned seed = 1, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {DETSIM, "run", "--seed", std::to_string(seed)};
  for (const auto& rule : rules) words.insert(words.end(), {"--fault", rule});
  words.insert(words.end(), more.begin(), more.end());
  words.insert(words.end(), {"--", TARGETS "calls", what});
  return run_command(words);
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace detsim
