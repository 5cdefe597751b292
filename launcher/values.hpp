// Values of options: text to number, with words for what is wrong.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/branch.hpp"

namespace detsim {

/// A value, or what is wrong with the text: "'abc' is not a number".
template <typename T>
struct Parsed {
  T value{};
  std::string problem;  // empty: none
  explicit operator bool() const { return problem.empty(); }
};

struct StrategyChoice {
  std::uint32_t index = 0;
  std::uint64_t parameter = 0;
  std::uint64_t length = 0;  // expected number of decisions; 0: not given
};

/// Decimal, or hexadecimal with 0x.
Parsed<std::uint64_t> parse_number(const std::string& text, std::uint64_t min, std::uint64_t max);
struct SeedRange {
  std::uint64_t first = 0, last = 0;
};
/// A..B, both included, or a single seed.
Parsed<SeedRange> parse_range(const std::string& text);
/// DECISION:BRANCH; back again by branch_text().
Parsed<Branch> parse_branch(const std::string& text);
std::string branch_text(const Branch& branch);
/// A positive decimal number of bytes, or with K, M, G of 1024s.
Parsed<std::uint64_t> parse_bytes(const std::string& text);
/// A non-negative decimal number with a unit: ns, us, ms, s (without one), m, h. Nanoseconds.
Parsed<std::uint64_t> parse_duration(const std::string& text);
/// Seconds since 1970, or an ISO 8601 date, with or without a time, UTC unless it has a zone.
/// Nanoseconds since 1970.
Parsed<std::uint64_t> parse_time(const std::string& text);
/// NAME, NAME:NUMBER or NAME:NUMBER:LENGTH, as strategies() has them.
Parsed<StrategyChoice> parse_strategy(const std::string& text);
/// As parse_strategy() reads it; the numbers only where the strategy takes them.
std::string strategy_text(std::uint32_t index, std::uint64_t parameter, std::uint64_t length = 0);

/// The shortest text that parse_duration() reads as this.
std::string duration_text(std::uint64_t ns);
/// As parse_bytes() reads it.
std::string bytes_text(std::uint64_t bytes);
std::string time_text(std::uint64_t ns);
/// "1 run", "2 runs".
std::string counted(std::uint64_t count, std::string_view noun);

/// "; did you mean 'x'?" for the nearest candidate, empty when none is near.
std::string did_you_mean(const std::string& text, const std::vector<std::string>& candidates);

/// One word for a shell, quoted where it must be.
std::string shell_quoted(std::string_view text);

}  // namespace detsim
