// `detsim run`: one run, as transparent as env(1) and timeout(1).
#include <fmt/format.h>

#include "launcher/command_line.hpp"
#include "launcher/say.hpp"

namespace detsim {
namespace {

const char* plural(std::uint32_t count) { return count == 1 ? "process was" : "processes were"; }

void say_ending(const RunOptions& options, const RunResult& result, const std::string& program) {
  if (!result.trace_loss.empty()) say(result.trace_loss);
  if (options.quiet || result.ended_by_signal != 0) return;
  if (result.left_over > 0) {
    say(fmt::format("{} {} left when the program ended, and killed", result.left_over,
                    plural(result.left_over)));
  }
  if (failed(result)) say("reproduce with: " + command_line_of(options, program));
}

}  // namespace

int verb_run(const Invocation& invocation) {
  RunOptions options;
  RunOptionsGiven given;
  CLI::App app("Runs a program so that every run with the same seed is the same run.",
               invocation.program + " run");
  add_run_options(app, options, given);
  add_trace_option(app, options);
  app.footer(
      "Every option can be given as a variable, such as DETSIM_SEED.\n"
      "Exit status: the program's own; 120 deadlock, 124 a limit has passed, 125 detsim failed,\n"
      "126 the program cannot be executed, 127 there is no such program.");
  if (const auto code = parse_command_line(app, invocation, &options.command)) return *code;
  if (!given.seed) {
    options.seed = draw_seed();
    if (!options.quiet) options.announcement = fmt::format("seed {}", options.seed);
  }
  const auto result = run_target(options);
  if (result.refused != 0) {
    say(result.problem);
    return result.refused;
  }
  say_ending(options, result, invocation.program);
  end_like(result);
}

}  // namespace detsim
