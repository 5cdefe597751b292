#include "launcher/report_words.hpp"

#include <fmt/format.h>

#include <algorithm>
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

// An interpreter has some ten frames of its own around the call that a line of its program makes.
constexpr std::size_t kFramesMax = 32;

std::vector<std::string> stack_lines(const TaskFacts& task, std::size_t columns) {
  std::vector<std::string> lines;
  if (task.stack.empty()) {
    if (!task.stack_problem.empty()) lines.push_back("no stack: " + task.stack_problem);
    return lines;
  }
  const auto end = std::min(task.stack_end, task.stack_begin + kFramesMax);
  for (auto i = task.stack_begin; i < end; ++i) {
    lines.push_back(frame_words(task.stack[i], columns));
  }
  if (end < task.stack_end) lines.push_back(fmt::format("... {} more", task.stack_end - end));
  return lines;
}

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
