// `detsim bisect DIR`: a failure made small, and the switch that decides. `detsim bisect --good
// SEED
// --bad SEED -- PROGRAM`: which choices of the one make it fail that pass with the other.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "launcher/command_line.hpp"
#include "launcher/explore/meeting.hpp"
#include "launcher/explore/schedule_difference.hpp"
#include "launcher/explore/shrink.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

constexpr unsigned kRunsMax = 3000;

struct BisectOptions {
  std::vector<std::string> directories;
  unsigned runs_max = kRunsMax;
  std::optional<std::uint64_t> good, bad;
  std::string out = "detsim-reduced.txt";
  RunOptions run;  // --good and --bad; its quietness is everybody's
  bool fork_server = true;
};

std::string length_words(const Choices& choices) {
  const auto count = [](std::size_t number, const char* one, const char* many) {
    return fmt::format("{} {}", number, number == 1 ? one : many);
  };
  auto text = count(choices.switches.size(), "context switch", "context switches");
  if (!choices.wakes.empty()) {
    text += " and " + count(choices.wakes.size(), "choice among waiters", "choices among waiters");
  }
  if (choices.strikes.empty()) return text;
  return count(choices.strikes.size(), "fault", "faults") + " and " + text;
}

// With the faults, if there are any, and what they struck.
void print_need(Shrinker& shrinker, const KeptFailure& failure) {
  const auto& choices = shrinker.choices();
  fmt::print("{}\nIt needs {}.\n\n", failure.message, length_words(choices));
  if (choices.strikes.empty()) return;
  fmt::print("Without any of these faults it does not fail so:\n");
  for (const auto& strike : shrinker.run(choices).result.faults.strikes) {
    fmt::print("  {}\n", words_of(strike));
  }
  fmt::print("\n");
}

void explain(Shrinker& shrinker, Runner& runner, const KeptFailure& failure) {
  if (size_of(shrinker.choices()) == 0) {
    fmt::print(
        "It fails without any switch: when each task goes on until it has to wait, and the one\n"
        "with the lowest tid follows.\n");
    return;
  }
  const auto critical = shrinker.critical_switch();
  if (!critical) {
    fmt::print("No single switch decides: without any one of them it fails in another way.\n");
    return;
  }
  fmt::print("{}", words_of_switch(runner, failure.run, shrinker.choices(), *critical));
}

void say_work(const Runner& runner) {
  const auto* server = runner.server();
  if (server == nullptr) return;
  say(fmt::format("of the {} events of these runs {} were executed", server->events(),
                  server->executed_events()));
  if (!runner.why_no_branches().empty()) {
    say("no run began in the middle: " + runner.why_no_branches());
  }
}

int bisect(const BisectOptions& options, const std::string& program) {
  const auto& directory = options.directories[0];
  std::string problem;
  const auto failure = load_failure(directory, problem);
  if (failure == nullptr) {
    say(problem);
    return kExitFailed;
  }
  for (const auto& change : changes_since(*failure)) say("CHANGED: " + change);
  std::error_code error;
  std::filesystem::current_path(failure->working_directory, error);
  Runner runner;
  if (options.fork_server) runner.use_fork_server();
  Shrinker shrinker(runner, *failure, options.runs_max);
  if (!shrinker.reproduces()) {
    say("the failure does not show any more when its choices are followed; see `detsim replay`");
    return kExitDivergence;
  }
  const auto step = [&](const Choices& choices) {
    if (!options.run.quiet) {
      say(fmt::format("{}: {}", counted(shrinker.runs(), "run"), length_words(choices)));
    }
  };
  step(shrinker.choices());
  shrinker.shrink(step);
  if (!options.run.quiet) say_work(runner);
  auto reduced = failure->run;
  reduced.choices_path = directory + "/reduced.txt";
  if (!write_file(reduced.choices_path, to_text(shrinker.choices()))) {
    say(fmt::format("cannot write '{}'", reduced.choices_path));
    return kExitFailed;
  }
  print_need(shrinker, *failure);
  explain(shrinker, runner, *failure);
  fmt::print("\nrepeat: {}{}\n", command_line_of(reduced, program),
             reduced.standard_input > 2 ? " < " + shell_quoted(directory + "/stdin") : "");
  return 0;
}

std::string words_of(const Difference& place) {
  const auto side = [](const std::optional<Choice>& choice, const char* words) {
    return choice ? fmt::format("{} {}", words, choice->value) : std::string("as by itself");
  };
  switch (place.kind) {
    case Difference::Kind::switched:
      return fmt::format("decision {}: {}, where the good run has: {}", place.number,
                         side(place.bad, "task"), side(place.good, "task"));
    case Difference::Kind::woken:
      return fmt::format("wake-up {}: {}, where the good run has: {}", place.number,
                         side(place.bad, "waiter"), side(place.good, "waiter"));
    case Difference::Kind::struck: break;
  }
  return place.bad_strike ? "a fault that strikes" : "a fault that does not strike";
}

int compare(const BisectOptions& options, const std::string& program) {
  auto good = options.run, bad = options.run;
  good.quiet = bad.quiet = true;
  good.seed = *options.good;
  bad.seed = *options.bad;
  Runner runner;
  const auto done = compare_schedules(runner, good, bad, options.runs_max);
  if (!done.problem.empty()) {
    say(done.problem);
    return kExitFailed;
  }
  if (!write_file(options.out, to_text(done.choices))) {
    say(fmt::format("cannot write '{}'", options.out));
    return kExitFailed;
  }
  fmt::print(
      "{}\nThe choices of seed {} (good) and seed {} (bad) differ in {} places. Of these {} "
      "{} ({} runs):\n",
      done.failure.message, good.seed, bad.seed, done.differences, done.needed.size(),
      done.needed.size() == 1 ? "matters" : "matter", done.runs);
  std::optional<Choice> last;
  for (const auto& place : done.needed) {
    fmt::print("  {}\n", words_of(place));
    if (place.kind == Difference::Kind::switched && place.bad) last = place.bad;
  }
  fmt::print("\n");
  if (last) fmt::print("{}", words_of_switch(runner, bad, done.choices, *last));
  bad.choices_path = options.out;
  fmt::print("\nrepeat: {}\n", command_line_of(bad, program));
  return 0;
}

// What only a comparison of two seeds takes.
constexpr const char* kOfComparison[] = {
    "--good", "--bad",   "--out",     "--strategy",       "--env", "--faults", "--fault",
    "--cpus", "--epoch", "--timeout", "--virtual-timeout"};

bool is_comparison(const std::vector<std::string>& arguments) {
  for (const auto& argument : arguments) {
    if (argument == "--") return false;
    if (argument == "--good" || argument == "--bad" || argument.starts_with("--good=") ||
        argument.starts_with("--bad=")) {
      return true;
    }
  }
  return false;
}

int misused(const std::string& words) {
  say(words + "; see `detsim bisect --help`");
  return kExitFailed;
}

void add_options(CLI::App& app, BisectOptions& options) {
  const auto add_seed = [&](const char* name, std::optional<std::uint64_t>& seed,
                            const char* words) {
    add_value(
        app, name, "SEED", [](const std::string& text) { return parse_number(text, 0, ~0ull); },
        [&seed](std::uint64_t number) { seed = number; }, words);
  };
  app.add_option("directory", options.directories, "What explore has kept")->type_name("DIR");
  add_value(
      app, "--runs,-n", "NUMBER",
      [](const std::string& text) { return parse_number(text, 1, 1000000); },
      [&](std::uint64_t runs) { options.runs_max = static_cast<unsigned>(runs); },
      fmt::format("Runs at most. Default: {}", kRunsMax));
  app.add_flag_callback(
      "--no-fork-server", [&options] { options.fork_server = false; },
      "Begin every run at the start of the program, not where it parts from others");
  add_seed("--good", options.good, "In place of DIR: a seed with which the PROGRAM passes");
  add_seed("--bad", options.bad, "and one with which it fails: what makes the difference?");
  app.add_option("--out", options.out,
                 "With --bad: where its choices are written. Default: detsim-reduced.txt")
      ->type_name("FILE");
}

}  // namespace

int verb_bisect(const Invocation& invocation) {
  BisectOptions options;
  CLI::App app("Makes a failure small, and shows the switch that decides.",
               invocation.program + " bisect");
  add_options(app, options);
  RunOptionsGiven given;
  add_run_options(app, options.run, given);
  app.footer(
      "Usage with two seeds: --good SEED --bad SEED [OPTIONS] [--] PROGRAM [ARGUMENT...]\n"
      "Every step is a run that failed in the same way. What is left is written to reduced.txt in\n"
      "the directory, for `detsim run --choices`.\n"
      "Exit status: 0; 121 the failure does not show any more; 125 the directory is not whole, or\n"
      "the seeds do not behave so.");
  const bool compares = is_comparison(invocation.arguments);
  auto* const command = compares ? &options.run.command : nullptr;
  if (const auto code = parse_command_line(app, invocation, command)) return *code;
  if (app.count("--seed") != 0) return misused("the seeds are given with --good and --bad");
  if (compares) {
    if (!options.good || !options.bad) return misused("both --good and --bad are needed");
    return compare(options, invocation.program);
  }
  for (const char* name : kOfComparison) {
    if (app.count(name) != 0) return misused(fmt::format("{} needs --good and --bad", name));
  }
  if (options.directories.size() != 1) return misused("which directory?");
  options.directories[0] = std::filesystem::absolute(options.directories[0]).string();
  return bisect(options, invocation.program);
}

}  // namespace detsim
