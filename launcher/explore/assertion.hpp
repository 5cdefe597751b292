// What a program made with doctest, GoogleTest or Catch2 says of the first assertion that failed:
// its last line only counts.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace detsim {

struct FailedAssertion {
  std::string words;      // in one line, with the values
  std::string signature;  // place and expression
};

/// `lines`: what the program printed, without empty ones. std::nullopt: no such program, or it did
/// not come to its end, or nothing failed.
std::optional<FailedAssertion> failed_assertion(const std::vector<std::string>& lines);

}  // namespace detsim
