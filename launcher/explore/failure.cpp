#include "launcher/explore/failure.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <set>
#include <sstream>
#include <vector>

#include "launcher/explore/assertion.hpp"

namespace detsim {
namespace {

constexpr std::size_t kFramesMax = 3, kLineMax = 300;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") != line.npos) lines.push_back(line.substr(0, kLineMax));
  }
  return lines;
}

// The first line of a sanitizer's report, and its top frames (sanitizer_common prints
// "    #0 0x... in function file:line").
std::optional<Failure> sanitizer_report(const std::vector<std::string>& lines) {
  const auto is_head = [](const std::string& line) {
    return line.find("ERROR: ") != line.npos && line.find("Sanitizer") != line.npos;
  };
  const auto is_other = [](const std::string& line) {
    return line.find("WARNING: ThreadSanitizer") != line.npos ||
           line.find(": runtime error: ") != line.npos;
  };
  const auto head = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
    return is_head(line) || is_other(line);
  });
  if (head == lines.end()) return std::nullopt;
  Failure failure{.kind = "sanitizer", .message = *head, .signature = normalised(*head)};
  std::size_t frames = 0;
  for (auto line = head + 1; line != lines.end() && frames < kFramesMax; ++line) {
    const auto in = line->find(" in ");
    if (line->find('#') == line->npos || in == line->npos) continue;
    const auto end = line->find(" (", in);
    failure.signature += " | " + line->substr(in + 4, end == line->npos ? end : end - in - 4);
    ++frames;
  }
  return failure;
}

std::string place_of(const StackFrame& frame) {
  if (frame.file.empty()) return frame.function;
  return fmt::format("{} at {}:{}", frame.function, frame.file.substr(frame.file.rfind('/') + 1),
                     frame.line);
}

std::string where(const TaskFacts& task) {
  for (auto i = task.stack_begin; i < task.stack_end; ++i) {
    const auto& frame = task.stack[i];
    if (!frame.file.empty() && frame.module.find(".so") == frame.module.npos) {
      return place_of(frame);
    }
  }
  return task.stack_begin < task.stack_end ? task.stack[task.stack_begin].function : "";
}

// The same tasks waiting for the same things at the same places, however many there are of each.
std::string stop_signature(const StopFacts& facts) {
  std::set<std::string> parts;
  for (const auto& task : facts.tasks) {
    if (!task.wait) continue;
    parts.insert(normalised(fmt::format("{} {} {} in {}", task.wait->verb, task.wait->noun,
                                        task.wait->object, where(task))));
  }
  std::string text;
  for (const auto& part : parts) text += " | " + part;
  return text;
}

Failure with_last_line(std::string kind, const std::string& words,
                       const std::vector<std::string>& lines) {
  Failure failure{.kind = std::move(kind), .message = words, .signature = words};
  if (lines.empty()) return failure;
  if (const auto assertion = failed_assertion(lines)) {
    failure.message += ": " + assertion->words.substr(0, kLineMax);
    failure.signature += ": " + normalised(assertion->signature);
    return failure;
  }
  failure.message += ": " + lines.back();
  failure.signature += ": " + normalised(lines.back());
  return failure;
}

// The innermost functions of the program itself, by their lines where they are known.
void add_frames(Failure& failure, const TaskFacts& task) {
  std::size_t frames = 0;
  for (auto i = task.stack_begin; i < task.stack_end && frames < kFramesMax; ++i) {
    const auto& frame = task.stack[i];
    if (frame.function.empty() || is_library(frame)) continue;
    failure.signature += " | " + place_of(frame);
    if (frames++ == 0) failure.message += " in " + place_of(frame);
  }
}

Failure stopped(std::string kind, const std::string& words, const std::optional<StopFacts>& facts) {
  Failure failure{.kind = std::move(kind), .message = words, .signature = words};
  if (facts) {
    failure.message = facts->sentence;
    failure.signature += stop_signature(*facts);
  }
  return failure;
}

}  // namespace

bool tells_of_assertion(const std::string& output) {
  return failed_assertion(lines_of(output)).has_value();
}

std::optional<Failure> judge(const RunResult& result, const std::string& text,
                             const std::optional<StopFacts>& facts,
                             const std::optional<CrashFacts>& crash) {
  const auto lines = lines_of(text);
  switch (result.outcome) {
    case Outcome::deadlock: return stopped("deadlock", "deadlock", facts);
    case Outcome::virtual_timeout: return stopped("limit", "limit of virtual time", facts);
    case Outcome::output_limit: return stopped("limit", "limit of output", std::nullopt);
    // Where it stands is a matter of real time.
    case Outcome::wall_timeout: return stopped("limit", "limit of real time", std::nullopt);
    case Outcome::property_failed: return with_last_line("property", "property failed", lines);
    case Outcome::finished: break;
    default: return with_last_line("detsim", word_of(result.outcome), lines);
  }
  if (auto report = sanitizer_report(lines)) return report;
  const auto status = static_cast<int>(result.status);
  if (WIFSIGNALED(status)) {
    const auto number = WTERMSIG(status);
    const auto* limit = number == SIGXFSZ ? " (a file grew beyond --file-limit)" : "";
    auto failure =
        with_last_line("signal", fmt::format("SIG{}{}", sigabbrev_np(number), limit), lines);
    if (crash && crash->signal == number) add_frames(failure, crash->task);
    return failure;
  }
  const auto code = WEXITSTATUS(status);
  if (code == 0) return std::nullopt;
  auto failure = with_last_line("exit", fmt::format("exit status {}", code), lines);
  // As a shell tells of a signal.
  if (crash && crash->signal + 128 == code) add_frames(failure, crash->task);
  return failure;
}

std::string normalised(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto is_digit = [&](std::size_t at) {
      return at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at])) != 0;
    };
    const bool starts_word = i == 0 || std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0;
    if (text.compare(i, 2, "0x") == 0 && is_digit(i + 2)) {
      for (i += 2; is_digit(i);) ++i;
      out += "N";
    } else if (starts_word && std::isdigit(static_cast<unsigned char>(text[i])) != 0 &&
               (i == 0 || text[i - 1] != ':')) {
      while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0) ++i;
      out += "N";
    } else {
      out += text[i++];
    }
  }
  return out;
}

Rate rate_of(std::uint64_t failed, std::uint64_t runs) {
  if (runs == 0) return {0, 0, 1};
  constexpr double z = 1.959963984540054;
  const auto n = static_cast<double>(runs);
  const double p = static_cast<double>(failed) / n;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {p, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace detsim
