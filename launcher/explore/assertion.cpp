#include "launcher/explore/assertion.hpp"

#include <algorithm>

namespace detsim {
namespace {

// One row per framework: how the count of what failed looks that it ends with, in one of the last
// lines; how the line ends or goes on that names the place; how many lines behind it are the
// expression, and how many more are values; and how what does not belong to them any more begins.
struct Framework {
  const char* count;
  const char* place;
  unsigned expression_lines, value_lines;
  const char* ends[3];
};

constexpr Framework kFrameworks[] = {
    {"[doctest] Status: FAILURE!", "ERROR: ", 0, 2, {"=====", "[doctest]", nullptr}},
    {" FAILED TEST", ": Failure", 0, 5, {"[  ", nullptr, nullptr}},
    {" failed", ": FAILED:", 1, 2, {"=====", "-----", "....."}},
};
constexpr std::size_t kLastLines = 4;

std::string trimmed(const std::string& line) {
  const auto from = line.find_first_not_of(" \t"), to = line.find_last_not_of(" \t\r");
  return from == line.npos ? "" : line.substr(from, to - from + 1);
}

bool is_behind(const Framework& framework, const std::string& line) {
  return std::any_of(std::begin(framework.ends), std::end(framework.ends),
                     [&](const char* end) { return end != nullptr && line.starts_with(end); });
}

bool has_count(const Framework& framework, const std::vector<std::string>& lines) {
  const auto last = std::min(kLastLines, lines.size());
  return std::any_of(lines.end() - static_cast<std::ptrdiff_t>(last), lines.end(),
                     [&](const auto& line) { return line.find(framework.count) != line.npos; });
}

// FILE:LINE: in front of it, or the like.
bool names_place(const Framework& framework, const std::string& line) {
  const auto at = line.find(framework.place);
  const auto colon = line.find(':');
  return at != line.npos && colon < line.size() - 1 && colon <= at && line[colon + 1] >= '0' &&
         line[colon + 1] <= '9';
}

}  // namespace

std::optional<FailedAssertion> failed_assertion(const std::vector<std::string>& lines) {
  for (const auto& framework : kFrameworks) {
    if (!has_count(framework, lines)) continue;
    const auto place = std::find_if(lines.begin(), lines.end(),
                                    [&](const auto& line) { return names_place(framework, line); });
    if (place == lines.end()) continue;
    FailedAssertion found{.words = trimmed(*place), .signature = trimmed(*place)};
    unsigned taken = 0;
    for (auto line = place + 1; line != lines.end(); ++line) {
      const bool is_expression = taken < framework.expression_lines;
      if (taken++ == framework.expression_lines + framework.value_lines) break;
      if (is_behind(framework, *line) || names_place(framework, *line)) break;
      found.words += " " + trimmed(*line);
      if (is_expression) found.signature += " " + trimmed(*line);
    }
    return found;
  }
  return std::nullopt;
}

}  // namespace detsim
