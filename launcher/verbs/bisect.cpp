// `detsim bisect DIR`: a failure made small, and the switch that decides.
#include <fmt/format.h>

#include <filesystem>

#include "launcher/command_line.hpp"
#include "launcher/explore/meeting.hpp"
#include "launcher/explore/shrink.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

constexpr unsigned kRunsMax = 3000;

struct BisectOptions {
  std::vector<std::string> directories;
  unsigned runs_max = kRunsMax;
  bool quiet = false;
};

std::string length_words(const Choices& choices) {
  const auto count = [](std::size_t number, const char* one, const char* many) {
    return fmt::format("{} {}", number, number == 1 ? one : many);
  };
  auto text = count(choices.switches.size(), "context switch", "context switches");
  if (!choices.wakes.empty()) {
    text += " and " + count(choices.wakes.size(), "choice among waiters", "choices among waiters");
  }
  return text;
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
  Shrinker shrinker(runner, *failure, options.runs_max);
  if (!shrinker.reproduces()) {
    say("the failure does not show any more when its choices are followed; see `detsim replay`");
    return kExitDivergence;
  }
  const auto step = [&](const Choices& choices) {
    if (!options.quiet) {
      say(fmt::format("{} runs: {}", shrinker.runs(), length_words(choices)));
    }
  };
  step(shrinker.choices());
  shrinker.shrink(step);
  auto reduced = failure->run;
  reduced.choices_path = directory + "/reduced.txt";
  if (!write_file(reduced.choices_path, to_text(shrinker.choices()))) {
    say(fmt::format("cannot write '{}'", reduced.choices_path));
    return kExitFailed;
  }
  fmt::print("{}\nIt needs {}.\n\n", failure->message, length_words(shrinker.choices()));
  explain(shrinker, runner, *failure);
  fmt::print("\nrepeat: {}\n", command_line_of(reduced, program));
  return 0;
}

}  // namespace

int verb_bisect(const Invocation& invocation) {
  BisectOptions options;
  CLI::App app("Makes a failure small, and shows the switch that decides.",
               invocation.program + " bisect");
  app.add_option("directory", options.directories, "What explore has kept")->type_name("DIR");
  add_value(
      app, "--runs,-n", "NUMBER",
      [](const std::string& text) { return parse_number(text, 1, 1000000); },
      [&](std::uint64_t runs) { options.runs_max = static_cast<unsigned>(runs); },
      fmt::format("Runs at most. Default: {}", kRunsMax));
  app.add_flag("--quiet,-q", options.quiet, "Do not tell of every step");
  app.footer(
      "Every step is a run that failed in the same way. What is left is written to reduced.txt in\n"
      "the directory, for `detsim run --choices`.\n"
      "Exit status: 0; 121 the failure does not show any more; 125 the directory is not whole.");
  if (const auto code = parse_command_line(app, invocation, nullptr)) return *code;
  if (options.directories.size() != 1) {
    say("which directory? see `detsim bisect --help`");
    return kExitFailed;
  }
  options.directories[0] = std::filesystem::absolute(options.directories[0]).string();
  return bisect(options, invocation.program);
}

}  // namespace detsim
