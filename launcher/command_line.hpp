// What all verbs' command lines have in common: options first, then the target's own command,
// which is never interpreted; DETSIM_* variables for options that were not given; complaints in
// two lines with the nearest name.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "launcher/run.hpp"
#include "launcher/verbs.hpp"

namespace detsim {

/// Parses the options into what `app` was told to fill, and returns the rest, the target's
/// command, in `command`. std::nullopt: go on. Otherwise the exit code: 0 after --help, 125 after
/// a complaint on stderr, also when there is no command although `command` is not nullptr.
std::optional<int> parse_command_line(CLI::App& app, const Invocation& invocation,
                                      std::vector<std::string>* command);

/// What add_run_options() fills beside the options themselves.
struct RunOptionsGiven {
  bool seed = false;
};

/// The options of every verb that runs a target: --seed, --strategy, --env, --cpus, --epoch,
/// --timeout, --virtual-timeout, --quiet. Wrong values are complained about by
/// parse_command_line().
void add_run_options(CLI::App& app, RunOptions& options, RunOptionsGiven& given);
/// --runs, -n: from 2 to `max`.
void add_runs_option(CLI::App& app, unsigned& runs, unsigned max);
/// --trace, --report-json.
void add_file_options(CLI::App& app, RunOptions& options);

/// A seed for a run that was given none: the only draw that is not from a seed.
std::uint64_t draw_seed();

}  // namespace detsim
