#include "launcher/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>
#include <iterator>

#include "scheduler/strategy.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kLengthMax = 1ull << 40;  // of a run, in decisions
constexpr std::uint64_t kSecond_ns = 1000000000;

struct Unit {
  const char* name;
  std::uint64_t ns;
};
constexpr Unit kUnits[] = {
    {"ns", 1},        {"us", 1000},           {"ms", 1000000},         {"s", kSecond_ns},
    {"", kSecond_ns}, {"m", 60 * kSecond_ns}, {"h", 3600 * kSecond_ns}};

constexpr const char* kByteUnits[] = {"", "K", "M", "G"};

// A decimal number in units of 1/`scale`: "1.5" with 1000 is 1500. False unless `text` is one,
// or when it does not fit; digits finer than the scale are cut off.
bool scaled(std::string_view text, std::uint64_t scale, std::uint64_t& value) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto part = point == text.npos ? std::string_view{} : text.substr(point + 1);
  const auto digits = [](std::string_view s) {
    return std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if ((whole.empty() && part.empty()) || !digits(whole) || !digits(part)) return false;
  std::uint64_t units = 0;
  if (!whole.empty() &&
      std::from_chars(whole.data(), whole.data() + whole.size(), units).ec != std::errc()) {
    return false;
  }
  unsigned __int128 sum = static_cast<unsigned __int128>(units) * scale;
  auto place = scale;
  for (const char digit : part) {
    sum += static_cast<unsigned>(digit - '0') * (place / 10);
    place /= 10;
  }
  value = static_cast<std::uint64_t>(sum);
  return sum <= ~0ull - 1;
}

// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours
// (Damerau, "A technique for computer detection and correction of spelling errors", CACM 1964).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const auto replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// ISO 8601 as far as strptime reads it; -1 when it does not.
std::int64_t seconds_of_date(const std::string& text) {
  for (const char* format : {"%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z",
                             "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"}) {
    std::tm date{};
    const char* end = strptime(text.c_str(), format, &date);
    if (end == nullptr || *end != 0) continue;
    const auto zone_s = date.tm_gmtoff;
    return timegm(&date) - zone_s;
  }
  return -1;
}

}  // namespace

Parsed<std::uint64_t> parse_number(const std::string& text, std::uint64_t min, std::uint64_t max) {
  Parsed<std::uint64_t> parsed;
  const bool is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  const char* begin = text.data() + (is_hexadecimal ? 2 : 0);
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(begin, end, parsed.value, is_hexadecimal ? 16 : 10);
  if (error != std::errc() || rest != end || parsed.value < min || parsed.value > max) {
    parsed.problem = fmt::format("'{}' is not a number from {} to {}", text, min, max);
  }
  return parsed;
}

Parsed<SeedRange> parse_range(const std::string& text) {
  Parsed<SeedRange> parsed;
  const auto dots = text.find("..");
  const auto first = parse_number(text.substr(0, dots), 0, ~0ull - 1);
  const auto last = dots == text.npos ? first : parse_number(text.substr(dots + 2), 0, ~0ull - 1);
  parsed.value = {first.value, last.value};
  if (!first || !last || last.value < first.value) {
    parsed.problem = fmt::format("'{}' is no range of seeds such as 1..1000", text);
  }
  return parsed;
}

Parsed<Branch> parse_branch(const std::string& text) {
  Parsed<Branch> parsed;
  const auto colon = text.find(':');
  const auto decision = parse_number(text.substr(0, colon), 0, ~0ull - 1);
  const auto child = parse_number(colon == text.npos ? "" : text.substr(colon + 1), 1, ~0ull - 1);
  parsed.value = {.decision = decision.value, .child = child.value};
  if (!decision || !child) {
    parsed.problem = fmt::format("'{}' is no branch such as 120:2", text);
  }
  return parsed;
}

std::string branch_text(const Branch& branch) {
  return fmt::format("{}:{}", branch.decision, branch.child);
}

Parsed<std::uint64_t> parse_bytes(const std::string& text) {
  Parsed<std::uint64_t> parsed;
  const auto unit_at = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = std::string_view(text).substr(0, unit_at);
  const auto unit = text.substr(unit_at);
  for (unsigned i = 0; i < std::size(kByteUnits); ++i) {
    const bool is_it =
        unit == kByteUnits[i] || (i > 0 && unit == kByteUnits[i] + std::string("iB"));
    if (is_it && scaled(number, 1ull << (10 * i), parsed.value) && parsed.value != 0) return parsed;
  }
  parsed.problem = fmt::format("'{}' is not a number of bytes such as 4096, 64K, 1.5M or 2G", text);
  return parsed;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string bytes_text(std::uint64_t bytes) {
  unsigned unit = 0;
  while (unit + 1 < std::size(kByteUnits) && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, kByteUnits[unit]);
}

Parsed<std::uint64_t> parse_duration(const std::string& text) {
  Parsed<std::uint64_t> parsed;
  const auto unit_at = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = std::string_view(text).substr(0, unit_at);
  for (const auto& unit : kUnits) {
    if (text.substr(unit_at) == unit.name && scaled(number, unit.ns, parsed.value)) return parsed;
  }
  parsed.problem = fmt::format("'{}' is not a duration such as 10, 1.5s, 500ms or 2m", text);
  return parsed;
}

Parsed<std::uint64_t> parse_time(const std::string& text) {
  Parsed<std::uint64_t> parsed;
  if (scaled(text, kSecond_ns, parsed.value)) return parsed;
  const auto seconds = seconds_of_date(text);
  if (seconds >= 0 && static_cast<std::uint64_t>(seconds) < kNever / kSecond_ns) {
    parsed.value = static_cast<std::uint64_t>(seconds) * kSecond_ns;
    return parsed;
  }
  parsed.problem = fmt::format(
      "'{}' is neither seconds since 1970 nor a date such as 2020-01-31T12:00:00Z", text);
  return parsed;
}

Parsed<StrategyChoice> parse_strategy(const std::string& text) {
  Parsed<StrategyChoice> parsed;
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  std::vector<std::string> names;
  for (const auto* strategy : strategies()) {
    if (!strategy->follows_choices) names.emplace_back(strategy->name);
  }
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    parsed.problem = fmt::format("there is no strategy '{}'", name) + did_you_mean(name, names);
    return parsed;
  }
  parsed.value.index = static_cast<std::uint32_t>(found - names.begin());  // hidden rows are last
  const auto& strategy = strategies()[parsed.value.index];
  parsed.value.parameter = strategy.parameter_default;
  if (colon == text.npos) return parsed;
  if (strategy.parameter == nullptr) {
    parsed.problem = fmt::format("the strategy '{}' takes no number", name);
    return parsed;
  }
  const auto second = strategy.takes_length ? text.find(':', colon + 1) : text.npos;
  if (second != text.npos) {
    const auto length = parse_number(text.substr(second + 1), 1, kLengthMax);
    if (!length) {
      parsed.problem =
          fmt::format("{}: {}; it is the expected number of decisions", name, length.problem);
      return parsed;
    }
    parsed.value.length = length.value;
  }
  const auto depth = text.substr(colon + 1, second == text.npos ? second : second - colon - 1);
  const auto number = parse_number(depth, 1, strategy.parameter_max);
  parsed.value.parameter = number.value;
  if (!number)
    parsed.problem = fmt::format("{}: {}; it is {}", name, number.problem, strategy.parameter);
  return parsed;
}

std::string strategy_text(std::uint32_t index, std::uint64_t parameter, std::uint64_t length) {
  const auto& strategy = strategies()[index];
  if (strategy.parameter == nullptr) return strategy.name;
  const auto text = fmt::format("{}:{}", strategy.name, parameter);
  return strategy.takes_length && length != 0 ? fmt::format("{}:{}", text, length) : text;
}

std::string duration_text(std::uint64_t ns) {
  const Unit* best = &kUnits[0];
  for (const auto& unit : kUnits) {
    if (unit.name[0] != 0 && unit.ns > best->ns && ns % unit.ns == 0) best = &unit;
  }
  return fmt::format("{}{}", ns / best->ns, best->name);
}

std::string time_text(std::uint64_t ns) {
  if (ns % kSecond_ns != 0) return fmt::format("{}.{:09}", ns / kSecond_ns, ns % kSecond_ns);
  // Not by gmtime(), which reads the file of the local time zone.
  const std::chrono::sys_seconds time(std::chrono::seconds(ns / kSecond_ns));
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string did_you_mean(const std::string& text, const std::vector<std::string>& candidates) {
  const std::string* nearest = nullptr;
  std::size_t nearest_distance = std::max<std::size_t>(2, text.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const auto distance = edit_distance(text, candidate);
    if (distance >= nearest_distance || distance >= candidate.size()) continue;
    nearest = &candidate;
    nearest_distance = distance;
  }
  return nearest == nullptr ? "" : fmt::format("; did you mean '{}'?", *nearest);
}

std::string shell_quoted(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace detsim
