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
/// a complaint on stderr, also when there is no command although `command` is not nullptr, unless
/// the option `in_place` was given, which stands for it.
std::optional<int> parse_command_line(CLI::App& app, const Invocation& invocation,
                                      std::vector<std::string>* command,
                                      const std::string& in_place = "");

/// The variable of an option: "--virtual-timeout" is also DETSIM_VIRTUAL_TIMEOUT.
std::string variable_of(const std::string& option);

/// An option whose text `parse` turns into the value that `take` gets, or complains about.
template <typename Parse, typename Take>
void add_value(CLI::App& app, const std::string& name, const char* type, Parse parse, Take take,
               const std::string& words) {
  const auto read = [name, parse, take](const std::string& text) {
    const auto parsed = parse(text);
    if (!parsed) throw CLI::ValidationError(name.substr(0, name.find(',')), parsed.problem);
    take(parsed.value);
  };
  app.add_option_function<std::string>(name, read, words)
      ->type_name(type)
      ->envname(variable_of(name));
}

/// What add_run_options() fills beside the options themselves.
struct RunOptionsGiven {
  bool seed = false;
};

/// The options of every verb that runs a target: --seed, --strategy, --env, --faults, --fault,
/// --cpus, --epoch, --timeout, --virtual-timeout, --output-limit, --file-limit, --process-limit,
/// --quiet. Wrong values are complained about by
/// parse_command_line().
void add_run_options(CLI::App& app, RunOptions& options, RunOptionsGiven& given);
/// --runs, -n: from 2 to `max`.
void add_runs_option(CLI::App& app, unsigned& runs, unsigned max);
/// --choices: read when the command line is.
void add_choices_option(CLI::App& app, RunOptions& options);
/// --require-faults, --fault-log.
void add_fault_options(CLI::App& app, bool& require_faults, std::string& log_path);
/// --trace, --report-json.
void add_file_options(CLI::App& app, RunOptions& options);

/// A seed for a run that was given none: the only draw that is not from a seed.
std::uint64_t draw_seed();

}  // namespace detsim
