// `detsim check`: the same run several times, each under other conditions outside, compared.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "launcher/command_line.hpp"
#include "launcher/say.hpp"

namespace detsim {

int verb_check(const Invocation& invocation) {
  RunOptions options;
  RunOptionsGiven given;
  unsigned runs = 3;
  CLI::App app("Runs a program several times and compares every event of the runs.",
               invocation.program + " check");
  app.add_option("-n,--runs", runs, "how many runs")->check(CLI::Range(2u, 1000000u));
  add_run_options(app, options, given);
  if (const auto code = parse_command_line(app, invocation, &options.command)) return *code;
  if (!given.seed) options.seed = draw_seed();
  std::uint64_t first = 0;
  for (unsigned run = 0; run < runs; ++run) {
    options.environment_pad = 997 * run;
    const auto result = run_target(options);
    if (result.refused != 0) {
      say(result.problem);
      return result.refused;
    }
    if (run == 0) first = result.trace_hash;
    if (result.trace_hash != first) {
      say(fmt::format("run {} differs from run 1: trace {:016x}, not {:016x}", run + 1,
                      result.trace_hash, first));
      return 121;
    }
  }
  say(fmt::format("{} runs, one execution: seed {}, trace {:016x}", runs, options.seed, first));
  return 0;
}

}  // namespace detsim
