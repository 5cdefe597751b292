#include "launcher/command_line.hpp"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "launcher/fault_texts.hpp"
#include "launcher/follow.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

class HelpFormat : public CLI::Formatter {
 public:
  explicit HelpFormat(bool takes_command) : takes_command_(takes_command) { column_width(30); }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    if (!takes_command_) return CLI::Formatter::make_usage(app, std::move(name));
    return fmt::format("Usage: {} [OPTIONS] [--] PROGRAM [ARGUMENT...]\n", app->get_name());
  }
  // A flag that may have a value: CLI11 shows "--branch{4}".
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    auto name = CLI::Formatter::make_option_name(option, is_positional);
    const auto value = name.find('{');
    if (value == name.npos) return name;
    return name.substr(0, value) + "[=" + name.substr(value + 1, name.size() - value - 2) + "]";
  }

 private:
  bool takes_command_;
};

int complain(const CLI::App& app, const std::string& words) {
  say(words);
  say(fmt::format("see `{} --help`", app.get_name()));
  return kExitFailed;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    for (const auto& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

// The option that an argument names, with or without its value attached.
const CLI::Option* find_option(const CLI::App& app, const std::string& argument, bool& has_value) {
  auto name = argument;
  const auto equals = argument.find('=');
  has_value = equals != argument.npos;
  if (has_value) name = argument.substr(0, equals);
  if (!argument.starts_with("--")) {
    has_value = argument.size() > 2;
    name = argument.substr(0, 2);
  }
  return app.get_option_no_throw(name);
}

// Up to the first argument that is no option; CLI11 must not see the target's own, which it
// would take apart ("[a,b]" is a list to it).
std::optional<int> split(const CLI::App& app, const std::vector<std::string>& arguments,
                         std::vector<std::string>& options, std::vector<std::string>* command) {
  std::size_t i = 0;
  for (; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    if (argument == "--") {
      ++i;
      break;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      if (command != nullptr) break;
      options.push_back(argument);
      continue;
    }
    bool has_value = false;
    const auto* option = find_option(app, argument, has_value);
    if (option == nullptr) {
      return complain(app, fmt::format("there is no option '{}'", argument) +
                               did_you_mean(argument, option_names(app)));
    }
    options.push_back(argument);
    if (!has_value && option->get_expected_max() > 0 && i + 1 < arguments.size()) {
      options.push_back(arguments[++i]);
    }
  }
  auto& rest = command != nullptr ? *command : options;
  rest.insert(rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
  return std::nullopt;
}

void add_environment_option(CLI::App& app, RunOptions& options) {
  const auto read = [&options](const std::vector<std::string>& changes) {
    for (const auto& change : changes) {
      if (change.empty() || change[0] == '=') {
        throw CLI::ValidationError("--env", fmt::format("'{}' names no variable", change));
      }
      options.environment.push_back(change);
    }
  };
  app.add_option_function<std::vector<std::string>>(
         "--env", read,
         "Set a variable in the target's environment; NAME alone takes it out. May be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->envname("DETSIM_ENV");
}

void add_plan_options(CLI::App& app, RunOptions& options) {
  // The file or preset may come behind single rules: both add to the plan.
  const auto read_plan = [&options](const std::string& text) {
    const auto problem = add_faults(options, text);
    if (!problem.empty()) throw CLI::ValidationError("--faults", problem);
  };
  app.add_option_function<std::string>(
         "--faults", read_plan,
         "What goes wrong: none, calm, moderate, chaos, verify:FAULT, swarm, or a plan in a file")
      ->type_name("PRESET|FILE")
      ->envname("DETSIM_FAULTS");
  const auto read_rules = [&options](const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      const auto problem = add_fault(options, text);
      if (!problem.empty()) throw CLI::ValidationError("--fault", problem);
    }
  };
  app.add_option_function<std::vector<std::string>>(
         "--fault", read_rules,
         "One rule: disk.write_fail=0.3,path=**/*.log (see `detsim faults`). May be repeated")
      ->type_name("FAULT[=P][,KEY=VALUE...]")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->envname("DETSIM_FAULT");
}

// What a loss of power may spoil, and what comes after it.
void add_disk_options(CLI::App& app, RunOptions& options) {
  const auto read = [&options](const std::vector<std::string>& paths) {
    for (const auto& path : paths) add_disk(options, path);
  };
  app.add_option_function<std::vector<std::string>>(
         "--disk", read,
         "A directory of the run's disk, which forgets what was not synced when the power fails. "
         "The run has a copy. May be repeated")
      ->type_name("DIR")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->envname("DETSIM_DISK");
  const auto take_profile = [&options](const std::string& name) { set_profile(options, name); };
  app.add_option_function<std::string>(
         "--profile", take_profile,
         "What the disk may forget: ext4-ordered (the default), ext4-journal, xfs, btrfs, "
         "posix-strict")
      ->type_name("NAME")
      ->envname("DETSIM_PROFILE");
  const auto in_place = [&options](std::int64_t) { set_in_place(options); };
  app.add_flag_function("--in-place", in_place, "The disk is the directories themselves, no copies")
      ->envname("DETSIM_IN_PLACE");
  app.add_option("--then", options.then,
                 "When the program has ended or the power failed, run this by `sh -c` on what the "
                 "disk kept; its exit status is the run's")
      ->type_name("COMMAND")
      ->envname("DETSIM_THEN");
  add_value(
      app, "--crashes", "NUMBER",
      [](const std::string& text) { return parse_number(text, 1, 1000000); },
      [&options](std::uint64_t count) { options.crashes = static_cast<std::uint32_t>(count); },
      "Start the program again after each loss of power; at most so many");
}

void add_private_options(CLI::App& app, RunOptions& options) {
  const auto read = [&options](const std::vector<std::string>& paths) {
    for (const auto& path : paths) {
      options.private_directories.push_back({.shown = path, .copy = "", .starts_empty = false});
    }
  };
  app.add_option_function<std::vector<std::string>>(
         "--private", read, "Work on a copy of this directory, gone after the run. May be repeated")
      ->type_name("DIR")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->envname("DETSIM_PRIVATE");
  app.add_option("--leave-out", options.left_out,
                 "What is there is in no copy of a directory. May be repeated")
      ->type_name("PATH")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->envname("DETSIM_LEAVE_OUT");
  const auto empty = [&options](std::int64_t) {
    for (const auto& each : temporary_directories()) options.private_directories.push_back(each);
  };
  app.add_flag_function("--private-tmp", empty,
                        "Have an empty /tmp, /var/tmp and /dev/shm, gone after the run")
      ->envname("DETSIM_PRIVATE_TMP");
}

void add_limit_options(CLI::App& app, RunOptions& options) {
  add_value(
      app, "--output-limit", "BYTES", parse_bytes,
      [&options](std::uint64_t bytes) { options.limits.output_bytes = bytes; },
      "End the run when it has written more than this to standard output and error: 64M");
  add_value(
      app, "--file-limit", "BYTES", parse_bytes,
      [&options](std::uint64_t bytes) { options.limits.file_bytes = bytes; },
      "No file that the run writes grows beyond this (EFBIG, SIGXFSZ)");
  add_value(
      app, "--process-limit", "NUMBER",
      [](const std::string& text) { return parse_number(text, 1, kProcessesMax); },
      [&options](std::uint64_t number) {
        options.limits.processes = static_cast<std::uint32_t>(number);
      },
      "The run has no more processes than this at one time (EAGAIN)");
}

std::string strategy_names() {
  std::string names;
  for (const auto* strategy : strategies()) {
    if (strategy->follows_choices) continue;
    names += fmt::format("{}{}{}", names.empty() ? "" : ", ", strategy->name,
                         strategy->parameter == nullptr ? "" : "[:N]");
  }
  return names;
}

// CLI11 complains about a missing value only if the option is the last word.
const CLI::Option* find_option_without_value(const CLI::App& app,
                                             const std::vector<std::string>& options) {
  bool has_value = false;
  return options.empty() ? nullptr : find_option(app, options.back(), has_value);
}

// Where a value that is complained about may have come from, when there are no options.
std::string words_for_variables(const std::vector<std::string>& options) {
  std::string set;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with("DETSIM_")) continue;
    set += fmt::format("{}{}", set.empty() ? "" : ", ", text.substr(0, text.find('=')));
  }
  return options.empty() && !set.empty() ? fmt::format(" (from the environment: {})", set) : "";
}

// A variable that is nearly one of ours was meant to be it.
void warn_of_variables(const CLI::App& app) {
  std::vector<std::string> known;
  for (const auto* option : app.get_options()) {
    if (!option->get_envname().empty()) known.push_back(option->get_envname());
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto name = text.substr(0, text.find('='));
    if (!name.starts_with("DETSIM_")) continue;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    // The prefix is the same: what follows it must be near by itself.
    std::vector<std::string> near;
    for (const auto& other : known) near.push_back(other.substr(7));
    const auto hint = did_you_mean(name.substr(7), near);
    if (!hint.empty()) say(fmt::format("there is no variable '{}'{}", name, hint));
  }
}

}  // namespace

std::string variable_of(const std::string& option) {
  std::string name = "DETSIM_";
  for (const char c : option.substr(2, option.find(',') - 2)) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

std::optional<int> parse_command_line(CLI::App& app, const Invocation& invocation,
                                      std::vector<std::string>* command,
                                      const std::string& in_place) {
  app.formatter(std::make_shared<HelpFormat>(command != nullptr));
  app.get_formatter()->label("REQUIRED", "");
  std::vector<std::string> options;
  if (const auto code = split(app, invocation.arguments, options, command)) return code;
  try {
    app.parse(std::vector<std::string>(options.rbegin(), options.rend()));
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const CLI::ExtrasError&) {
    return complain(app, fmt::format("'{}' is one word too many", app.remaining().front()));
  } catch (const CLI::ArgumentMismatch&) {
    const auto* option = find_option_without_value(app, options);
    return complain(app, option == nullptr ? "an option lacks its value"
                                           : fmt::format("{} needs a value: {}", options.back(),
                                                         option->get_type_name()));
  } catch (const CLI::ConversionError&) {
    return complain(app,
                    "an option that takes no value was given one that is neither true nor false");
  } catch (const CLI::ParseError& error) {
    return complain(app, error.what() + words_for_variables(options));
  }
  warn_of_variables(app);
  const bool has_other = !in_place.empty() && app.count(in_place) > 0;
  if (command != nullptr && command->empty() && !has_other) {
    return complain(app, "there is no program to run");
  }
  return std::nullopt;
}

void add_run_options(CLI::App& app, RunOptions& options, RunOptionsGiven& given) {
  const auto number_in = [](std::uint64_t min, std::uint64_t max) {
    return [min, max](const std::string& text) { return parse_number(text, min, max); };
  };
  options.strategy_parameter = strategies()[options.strategy].parameter_default;
  add_value(
      app, "--seed", "NUMBER", number_in(0, ~0ull),
      [&](std::uint64_t seed) { options.seed = seed, given.seed = true; },
      "What decides the run; without one it is drawn, and printed");
  add_value(
      app, "--strategy", "NAME[:N]", parse_strategy,
      [&options](StrategyChoice choice) {
        options.strategy = choice.index;
        options.strategy_parameter = choice.parameter;
        options.strategy_length = choice.length;
      },
      fmt::format("Who runs next: {}. Default: {}", strategy_names(), strategies()[0].name));
  add_value(
      app, "--branch-at", "DECISION:BRANCH", parse_branch,
      [&options](const Branch& branch) { options.branch = branch; },
      "From this decision on it is another run: a branch that `explore --branch` has named");
  add_environment_option(app, options);
  add_plan_options(app, options);
  add_disk_options(app, options);
  add_private_options(app, options);
  add_value(
      app, "--cpus", "NUMBER", number_in(1, 128),
      [&options](std::uint64_t cpus) { options.cpus = static_cast<std::uint32_t>(cpus); },
      fmt::format("How many CPUs the target sees. Default: {}", options.cpus));
  add_value(
      app, "--epoch", "TIME", parse_time, [&options](std::uint64_t ns) { options.epoch_ns = ns; },
      fmt::format("What the clock reads at the start, in seconds or as a date. Default: {}",
                  time_text(options.epoch_ns)));
  add_value(
      app, "--timeout", "DURATION", parse_duration,
      [&options](std::uint64_t ns) { options.wall_limit_ns = ns; },
      "End the run after this much real time, with a report: 10, 1.5s, 500ms, 2m");
  add_value(
      app, "--virtual-timeout", "DURATION", parse_duration,
      [&options](std::uint64_t ns) { options.virtual_limit_ns = ns; },
      "End the run after this much virtual time, with a report");
  add_limit_options(app, options);
  app.add_flag("--quiet,-q", options.quiet, "Say nothing unless detsim itself fails")
      ->envname("DETSIM_QUIET");
}

void add_choices_option(CLI::App& app, RunOptions& options) {
  const auto read = [](const std::string& path) { return parse_choices_file(path); };
  add_value(
      app, "--choices", "FILE", read,
      [&options](const ChoicesFile& file) {
        options.choices = file.choices;
        options.choices_path = file.path;
      },
      "Follow these choices (`detsim report --choices`) in place of a strategy");
}

void add_runs_option(CLI::App& app, unsigned& runs, unsigned max) {
  add_value(
      app, "--runs,-n", "NUMBER",
      [max](const std::string& text) { return parse_number(text, 2, max); },
      [&runs](std::uint64_t number) { runs = static_cast<unsigned>(number); },
      fmt::format("How many runs. Default: {}", runs));
}

void add_fault_options(CLI::App& app, bool& require_faults, std::string& log_path) {
  app.add_flag("--require-faults", require_faults,
               "Fail (125) when a rule of the plan never had a chance to strike")
      ->envname("DETSIM_REQUIRE_FAULTS");
  app.add_option("--fault-log", log_path, "Write every strike to this file, as lines of JSON")
      ->type_name("FILE")
      ->envname("DETSIM_FAULT_LOG");
}

void add_file_options(CLI::App& app, RunOptions& options) {
  app.add_option("--trace", options.trace_path, "Write every event of the run to this file")
      ->type_name("FILE")
      ->envname("DETSIM_TRACE");
  app.add_option("--report-json", options.report_path,
                 "Write what came of the run to this file, for programs to read")
      ->type_name("FILE")
      ->envname("DETSIM_REPORT_JSON");
}

std::uint64_t draw_seed() {
  std::uint32_t seed = 0;  // 32 bits are enough to explore with, and short enough to paste
  while (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
  }
  return seed;
}

}  // namespace detsim
