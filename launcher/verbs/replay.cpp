// `detsim replay DIR`: a failure that explore has kept, once more.
#include <fmt/format.h>

#include <filesystem>

#include "launcher/command_line.hpp"
#include "launcher/explore/failure_directory.hpp"
#include "launcher/explore/timeline.hpp"
#include "launcher/gdb_session.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"
#include "trace/reader.hpp"
#include "trace/words.hpp"

namespace detsim {
namespace {

struct ReplayOptions {
  std::vector<std::string> directories;
  std::uint64_t until = ~0ull;
  std::string trace_path;
  std::string timeline_path;
  bool print = false, quiet = false;
  bool gdb = false;
  std::vector<std::string> gdb_commands;  // what it is to do, and then end
};

// What needs the kept trace, and no run.
int show_trace(const std::string& path, const std::string& timeline_path) {
  std::string problem;
  const auto trace = TraceReader::open(path, problem);
  if (trace == nullptr) {
    say(problem);
    return kExitFailed;
  }
  if (!timeline_path.empty()) {
    if (write_timeline(*trace, timeline_path)) return 0;
    say(fmt::format("cannot write '{}'", timeline_path));
    return kExitFailed;
  }
  print_trace(*trace, 0, ~0ull, stdout, 0);
  return 0;
}

int compare(const KeptFailure& failure, const KeptRun& run, bool quiet) {
  if (run.result.misfits > 0) {
    say(fmt::format("{} of the choices did not fit, first that of decision {}", run.result.misfits,
                    run.result.first_misfit));
  }
  if (run.result.trace_hash != failure.trace_hash) {
    say(run.failure ? "this was ANOTHER RUN, which failed too: " + run.failure->message
                    : "this was ANOTHER RUN, and it passed");
    return kExitDivergence;
  }
  if (!quiet) {
    say(fmt::format("the same run: {} events, trace {:016x}: {}", run.result.events,
                    run.result.trace_hash, failure.message));
  }
  return exit_code_of(run.result);
}

// The event by which the program ends, so that it is still there when the run stands before it.
// std::nullopt: it does not end by itself.
std::optional<std::uint64_t> last_event(const std::string& path) {
  std::string problem;
  const auto trace = TraceReader::open(path, problem);
  if (trace == nullptr || trace->count() == 0) return std::nullopt;
  const auto root = trace->event(0).result;
  for (auto i = trace->count(); i-- > 1;) {
    const auto& event = trace->event(i);
    if (event.kind == EventKind::process && event.result == root) return i;
  }
  return std::nullopt;
}

int run_once(const ReplayOptions& options, const KeptFailure& failure,
             const std::function<void(World&)>& look) {
  Runner runner;
  auto run_options = failure.run;
  run_options.trace_path = options.trace_path;
  run_options.stop_at = options.until;
  const auto run = runner.run(run_options, look);
  if (run.result.refused != 0) {
    say(run.result.problem);
    return run.result.refused;
  }
  std::fwrite(run.output.data(), 1, run.output.size(), stdout);
  std::fflush(stdout);
  std::fwrite(run.error.data(), 1, run.error.size(), stderr);
  if (!look) std::fwrite(run.words.data(), 1, run.words.size(), stderr);
  if (run.result.outcome == Outcome::stopped) return 0;
  return compare(failure, run, options.quiet);
}

// Until nobody wants to go to an earlier event.
int replay_in_gdb(ReplayOptions options, const KeptFailure& failure) {
  GdbSession session(options.gdb_commands);
  if (options.until == ~0ull) {
    options.until = last_event(options.directories[0] + "/trace").value_or(~0ull);
  }
  while (session.problem().empty()) {
    const auto code = session.attend(
        [&] { return run_once(options, failure, [&](World& world) { session.look(world); }); });
    if (session.problem().empty() && code) return *code;
    options.until = session.next();
  }
  say(session.problem());
  return kExitFailed;
}

int replay(const ReplayOptions& options) {
  std::string problem;
  const auto failure = load_failure(options.directories[0], problem);
  if (failure == nullptr) {
    say(problem);
    return kExitFailed;
  }
  for (const auto& change : changes_since(*failure)) say("CHANGED: " + change);
  std::error_code error;
  std::filesystem::current_path(failure->working_directory, error);
  if (error) say("CHANGED: " + failure->working_directory + " cannot be entered");
  if (options.print || !options.timeline_path.empty()) {
    return show_trace(options.directories[0] + "/trace", options.timeline_path);
  }
  if (options.gdb) return replay_in_gdb(options, *failure);
  return run_once(options, *failure, {});
}

}  // namespace

int verb_replay(const Invocation& invocation) {
  ReplayOptions options;
  CLI::App app("Repeats a failure that `detsim explore` has kept.", invocation.program + " replay");
  app.add_option("directory", options.directories, "What explore has kept")->type_name("DIR");
  add_value(
      app, "--until", "EVENT",
      [](const std::string& text) { return parse_number(text, 0, ~0ull - 1); },
      [&](std::uint64_t event) { options.until = event; },
      "End the run at this event of its trace, and show every task with its stack");
  app.add_option("--trace", options.trace_path, "Write the events of the repeated run to this file")
      ->type_name("FILE");
  app.add_option("--trace-out", options.timeline_path,
                 "Write the kept run as a timeline that ui.perfetto.dev opens, and run nothing")
      ->type_name("FILE");
  app.add_flag("--print", options.print, "Print the events of the kept run, and run nothing");
  app.add_flag("--gdb", options.gdb,
               "Stop in gdb where it failed, or at --until; `help detsim` there says more");
  app.add_option("--gdb-command", options.gdb_commands,
                 "What gdb is to do, and then end. May be repeated")
      ->type_name("COMMAND")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--quiet,-q", options.quiet, "Say nothing when it is the same run");
  app.footer(
      "The run follows the kept choices. Program, libraries and detsim that are not as they were\n"
      "are named first.\n"
      "Exit status: as the run's; 121 it was not the same run; 125 the directory is not whole.");
  if (const auto code = parse_command_line(app, invocation, nullptr)) return *code;
  if (options.directories.size() != 1) {
    say("which directory? see `detsim replay --help`");
    return kExitFailed;
  }
  options.gdb = options.gdb || !options.gdb_commands.empty();
  // The directory is left for the run's own.
  options.directories[0] = std::filesystem::absolute(options.directories[0]).string();
  for (auto* path : {&options.trace_path, &options.timeline_path}) {
    if (!path->empty()) *path = std::filesystem::absolute(*path).string();
  }
  return replay(options);
}

}  // namespace detsim
