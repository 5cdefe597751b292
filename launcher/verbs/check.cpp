// `detsim check`: the same run several times, each under other conditions outside, compared event
// by event; and what they write, byte by byte.
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "launcher/call_table.hpp"
#include "launcher/command_line.hpp"
#include "launcher/comparison.hpp"
#include "launcher/say.hpp"
#include "trace/diff.hpp"
#include "trace/words.hpp"

namespace detsim {
namespace {

constexpr unsigned kRunsDefault = 3, kRunsMax = 1000000;
constexpr std::uint64_t kContext = 3;  // common events that are shown before the difference

struct CheckOptions {
  RunOptions run;
  unsigned runs = kRunsDefault;
  std::string program;  // argv[0]
};

std::string ending_of(const RunResult& result) {
  const auto status = static_cast<int>(result.status);
  switch (result.outcome) {
    case Outcome::finished:
      if (WIFSIGNALED(status))
        return fmt::format("killed by SIG{}", sigabbrev_np(WTERMSIG(status)));
      return fmt::format("status {}", WEXITSTATUS(status));
    case Outcome::stopped: return "more events than run 1";
    default: return word_of(result.outcome);
  }
}

std::string name_of(const ComparedRun& run) { return fmt::format("run {}", run.number + 1); }

void say_output_difference(const ComparedRun& run) {
  const auto& difference = *run.output;
  say(fmt::format("{} wrote other bytes than run 1: {}, line {} (byte {})", name_of(run),
                  difference.stream, difference.line, difference.byte));
  fmt::print(stderr, "  {:<8}{}\n  {:<8}{}\n", "run 1", difference.first, name_of(run),
             difference.other);
}

void print_side(Comparison& comparison, const ComparedRun& run, const TraceReader& trace,
                std::uint64_t event) {
  if (event >= trace.count()) return;
  const auto revisit = comparison.revisit(run, event);
  fmt::print(stderr, "\n{}, in task {}:\n{}", name_of(run), trace.event(event).tid,
             revisit.stacks.empty() ? "    no stack: done again, it did not come to this event\n"
                                    : revisit.stacks);
  if (!revisit.is_same && !revisit.stacks.empty()) {
    fmt::print(stderr,
               "    (when done again, this run went another way before: these stacks are "
               "of event {} of that way)\n",
               event);
  }
}

bool is_about_files(const TraceReader& trace, std::uint64_t number) {
  if (number >= trace.count()) return false;
  const auto event = trace.event(number);
  const auto& rows = call_rows();
  return event.kind == EventKind::call &&
         std::any_of(rows.begin(), rows.end(), [&](const CallRow& row) {
           return row.number == event.call && row.names_file;
         });
}

// The events around the place where the two runs part, and the stacks of both.
void explain(Comparison& comparison, const ComparedRun& run) {
  std::string problem;
  const auto a = TraceReader::open(comparison.first().trace_path, problem);
  const auto b = a == nullptr ? nullptr : TraceReader::open(run.trace_path, problem);
  if (b == nullptr) {
    say("the first difference cannot be shown: " + problem);
    return;
  }
  const auto at = first_difference(*a, *b);
  const auto name = name_of(run);
  if (!at) {
    say(fmt::format("{} ended in another way: {}, not {}", name, ending_of(run.result),
                    ending_of(comparison.first().result)));
    return;
  }
  print_difference(*a, *b, *at, {.a = "run 1", .b = name.c_str()}, kContext, stderr);
  if (a->lost() + b->lost() > 0 && *at >= std::min(a->count(), b->count())) return;
  print_side(comparison, comparison.first(), *a, *at);
  print_side(comparison, run, *b, *at);
  if (is_about_files(*a, *at) || is_about_files(*b, *at)) {
    say(fmt::format(
        "the runs part at a call about files: {} may have found what an earlier one had "
        "left there. With '--private DIR' each run has a copy of its own ('--private .' "
        "for the working directory)",
        name));
  }
}

int diverged(Comparison& comparison, const ComparedRun& run, const CheckOptions& options) {
  const auto& result = run.result;
  say(fmt::format("{} differs from run 1, with seed {} ({})", name_of(run), options.run.seed,
                  words_of(run.conditions)));
  if (!comparison.is_same(run)) explain(comparison, run);
  if (run.output) say_output_difference(run);
  if (result.outcome == Outcome::wall_timeout) {
    say(fmt::format("{} was ended after {:.0f} s of real time; run 1 took {:.3f} s", name_of(run),
                    static_cast<double>(run.wall_ns) / 1e9,
                    static_cast<double>(comparison.first().wall_ns) / 1e9));
  }
  return kExitDivergence;
}

// A result that ends the comparison by itself: std::nullopt if this one does not.
std::optional<int> gives_up(const ComparedRun& run, const CheckOptions& options) {
  const auto& result = run.result;
  if (result.refused != 0) {
    say(result.problem);
    return result.refused;
  }
  if (result.outside_signal != 0) {
    auto ending = result;
    ending.ended_by_signal = result.outside_signal;
    end_like(ending);
  }
  if (result.outcome == Outcome::failed) return kExitFailed;
  const bool users_limit = options.run.wall_limit_ns != kNever;
  if (result.outcome == Outcome::wall_timeout && (run.number == 0 || users_limit)) {
    say(fmt::format("{} did not end in time, so it cannot be compared", name_of(run)));
    return kExitLimit;
  }
  return std::nullopt;
}

int check(const CheckOptions& options) {
  Comparison comparison(options.run);
  if (!comparison.problem().empty()) {
    say(comparison.problem());
    return kExitFailed;
  }
  for (unsigned i = 0; i < options.runs; ++i) {
    const auto run = comparison.run();
    if (const auto code = gives_up(run, options)) return *code;
    const bool same = i == 0 || (comparison.is_same(run) && !run.output);
    if (!same) return diverged(comparison, run, options);
  }
  if (const auto losses = comparison.losses(); !losses.empty()) say(losses);
  const auto& first = comparison.first().result;
  if (!options.run.quiet) {
    say(fmt::format("{} runs, one execution: seed {}, {} events, trace {:016x}, {}", options.runs,
                    options.run.seed, first.events, first.trace_hash, ending_of(first)));
  }
  return 0;
}

}  // namespace

int verb_check(const Invocation& invocation) {
  CheckOptions options;
  options.program = invocation.program;
  RunOptionsGiven given;
  CLI::App app("Runs a program several times under different conditions, and compares.",
               invocation.program + " check");
  add_runs_option(app, options.runs, kRunsMax);
  add_run_options(app, options.run, given);
  app.footer(
      "The first run is as `detsim run` does it, and its output is shown. The others differ in\n"
      "what must not matter: size of the environment, the launcher's directory, address\n"
      "randomisation and stack limit of the host, core, load. Every event and every byte of\n"
      "output is compared; the first difference is shown with the stacks of both sides.\n"
      "Output goes through pipes; input from a terminal is empty.\n"
      "Exit status: 0 all runs were the same, whatever they ended with; 121 two were not;\n"
      "124 a run did not end in time; 125, 126, 127 as `detsim run`.");
  if (const auto code = parse_command_line(app, invocation, &options.run.command)) return *code;
  if (!given.seed) {
    options.run.seed = draw_seed();
    if (!options.run.quiet) options.run.announcement = fmt::format("seed {}", options.run.seed);
  }
  return check(options);
}

}  // namespace detsim
