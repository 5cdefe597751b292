// `detsim report`: a trace file in words, or where two of them part.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "launcher/command_line.hpp"
#include "launcher/follow.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"
#include "trace/diff.hpp"
#include "trace/words.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kContext = 10;  // common events that are shown before a difference

struct ReportOptions {
  std::vector<std::string> files;
  std::uint64_t from = 0, count = ~0ull;
  std::int32_t task = 0;  // 0: all
  bool json = false;
  bool choices = false;
};

std::unique_ptr<TraceReader> open_trace(const std::string& path) {
  std::string problem;
  auto trace = TraceReader::open(path, problem);
  if (trace != nullptr && !trace->verify(problem)) trace = nullptr;
  if (trace == nullptr) say(problem);
  return trace;
}

// An object per line, so that a long trace can be read piece by piece.
void print_json(const TraceReader& trace, const ReportOptions& options) {
  const auto end = options.from + std::min(options.count, trace.count() - options.from);
  for (auto i = options.from; i < end; ++i) {
    const auto& event = trace.event(i);
    if (options.task != 0 && event.tid != options.task) continue;
    nlohmann::ordered_json json = {{"event", i},
                                   {"time_ns", event.time_ns},
                                   {"task", event.tid},
                                   {"kind", kind_name(event.kind)},
                                   {"words", words(event)},
                                   {"result", event.result},
                                   {"detail", event.detail}};
    if (event.kind == EventKind::call) json["call"] = call_name(event.call);
    if (event.site != 0) json["site"] = event.site;
    fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

int print_choices(const TraceReader& trace) {
  std::string problem;
  const auto choices = choices_of(trace, problem);
  if (choices == nullptr) {
    say(problem);
    return kExitFailed;
  }
  fmt::print("{}", to_text(*choices));
  return 0;
}

int print_one(ReportOptions options) {
  const auto trace = open_trace(options.files[0]);
  if (trace == nullptr) return kExitFailed;
  options.from = std::min(options.from, trace->count());
  if (options.choices) return print_choices(*trace);
  if (options.json) {
    print_json(*trace, options);
  } else {
    print_trace(*trace, options.from, options.count, stdout, options.task);
  }
  return 0;
}

int compare(const ReportOptions& options) {
  const auto a = open_trace(options.files[0]);
  const auto b = a == nullptr ? nullptr : open_trace(options.files[1]);
  if (b == nullptr) return kExitFailed;
  const auto at = first_difference(*a, *b);
  if (at) {
    print_difference(*a, *b, *at, {.a = "first", .b = "second"}, kContext, stdout);
    return kExitDivergence;
  }
  const bool same_end = a->digest() == b->digest() && a->outcome() == b->outcome();
  const auto lost = a->lost() + b->lost();
  if (!same_end) {
    fmt::print("{}\n", lost > 0 ? "they differ in events that could not be written"
                                : "they have the same events, and another end");
    return kExitDivergence;
  }
  fmt::print("{} events, all the same, {}{}\n", a->count(), a->outcome(),
             lost > 0 ? "; what could not be written has the same digest" : "");
  return 0;
}

}  // namespace

int verb_report(const Invocation& invocation) {
  if (!invocation.arguments.empty() && invocation.arguments[0] == "merge") {
    return verb_report_merge(
        {invocation.program, {invocation.arguments.begin() + 1, invocation.arguments.end()}});
  }
  CLI::App app("Prints a trace file, or where two of them part.", invocation.program + " report");
  ReportOptions options;
  const auto number = [](const std::string& text) { return parse_number(text, 0, ~0ull); };
  app.add_option("trace", options.files, "File of `detsim run --trace`; a second one to compare")
      ->type_name("FILE");
  add_value(
      app, "--from", "NUMBER", number, [&](std::uint64_t from) { options.from = from; },
      "First event to print, counted from 0");
  add_value(
      app, "--count", "NUMBER", number, [&](std::uint64_t count) { options.count = count; },
      "How many events");
  add_value(
      app, "--task", "TID",
      [](const std::string& text) { return parse_number(text, 1, INT32_MAX); },
      [&](std::uint64_t tid) { options.task = static_cast<std::int32_t>(tid); },
      "Only what this task did");
  app.add_flag("--choices", options.choices,
               "Print the choices of the run, for `detsim run --choices`");
  app.add_flag("--json", options.json, "Print a JSON object per event");
  app.footer(
      "An event is a scheduling decision, a call that returned, a signal, a jump of time, or the\n"
      "start or end of a task or process. docs/trace-format.md has the format.\n"
      "`detsim report merge DIR...` reports what parts of an exploration found.\n"
      "Exit status: 0; 121 the two traces differ; 125 a file is not a whole trace.");
  if (const auto code = parse_command_line(app, invocation, nullptr)) return *code;
  if (options.files.empty() || options.files.size() > 2) {
    say(options.files.empty() ? "which trace? see `detsim report --help`"
                              : "two traces at most; see `detsim report --help`");
    return kExitFailed;
  }
  return options.files.size() == 1 ? print_one(options) : compare(options);
}

}  // namespace detsim
