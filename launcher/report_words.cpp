#include "launcher/report_words.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "trace/words.hpp"

namespace detsim {

std::string state_words(const TaskFacts& task) {
  if (!task.wait) return task.state;
  const auto& wait = *task.wait;
  std::string text = task.state == "is stopped" ? "is stopped, and " + wait.verb : wait.verb;
  if (!wait.noun.empty()) text += " " + wait.noun;
  if (!wait.object.empty()) text += " " + wait.object;
  if (!wait.holder_words.empty()) text += ", " + wait.holder_words;
  if (!wait.remark.empty()) text += fmt::format(" ({})", wait.remark);
  return text;
}

std::string time_words(const TaskFacts& task, std::uint64_t now_ns) {
  if (!task.wait) return "";
  std::string text;
  if (task.wait->since_ns < now_ns) text += ", since " + seconds(task.wait->since_ns);
  if (task.wait->until_ns != kNever) text += ", until " + seconds(task.wait->until_ns);
  return text;
}

std::string short_path(const std::string& path) {
  std::error_code error;
  const auto here = std::filesystem::current_path(error);
  const auto prefix = here.string() + "/";
  if (!error && prefix != "//" && path.starts_with(prefix)) return path.substr(prefix.size());
  return path;
}

namespace {

// `a::b<c<d>>::e(f, g) const` without what stands in its outer brackets: `a::b<..>::e(..)`.
std::string without_details(const std::string& function) {
  std::string text;
  int depth = 0;
  for (std::size_t i = 0; i < function.size(); ++i) {
    const char c = function[i];
    const bool opens = c == '<' || c == '(';
    const bool closes = (c == '>' && i > 0 && function[i - 1] != '-') || c == ')';
    if (closes && depth > 0 && --depth == 0) text += "..";
    if (depth == 0) text += c;
    if (opens) ++depth;
  }
  return text;
}

std::string fitted(const std::string& text, std::size_t columns) {
  if (text.size() <= columns || columns < 8) return text;
  return text.substr(0, columns - 3) + "...";
}

}  // namespace

std::string frame_words(const StackFrame& frame, std::size_t columns) {
  std::string place;
  if (!frame.file.empty()) {
    place = fmt::format(" at {}:{}", short_path(frame.file), frame.line);
    // A path that fills the line loses its beginning.
    if (place.size() > columns / 2 + 4) {
      const auto keep = place.find('/', place.size() - columns / 2);
      if (keep != std::string::npos) place = " at ..." + place.substr(keep);
    }
  } else if (!frame.module.empty() && !frame.function.empty()) {
    place = " in " + frame.module;
  }
  std::string function = frame.function;
  if (function.empty()) {
    function = frame.module.empty() ? fmt::format("{:#x}", frame.address)
                                    : fmt::format("{}+{:#x}", frame.module, frame.offset);
  }
  if (function.size() + place.size() > columns) function = without_details(function);
  return fitted(function, columns - std::min(columns, place.size())) + place;
}

}  // namespace detsim
