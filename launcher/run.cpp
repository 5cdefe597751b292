#include "launcher/run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <sstream>

#include "faultplan/reading/compile.hpp"
#include "launcher/attend.hpp"
#include "launcher/children.hpp"
#include "launcher/follow.hpp"
#include "launcher/image.hpp"
#include "launcher/machine.hpp"
#include "launcher/machine_disk.hpp"
#include "launcher/message_queues.hpp"
#include "launcher/rounds.hpp"
#include "launcher/say.hpp"
#include "launcher/start.hpp"
#include "launcher/values.hpp"
#include "launcher/world_mapping.hpp"
#include "scheduler/happened_before.hpp"
#include "scheduler/limits.hpp"
#include "scheduler/rounds.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

// Next to this command in a build, or where it was installed. Empty: `problem` says so.
std::string find_library(std::string& problem) {
  std::error_code error;
  const auto here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& path : {here / "libdetsim.so", here / "../lib/detsim/libdetsim.so"}) {
    // What stands next to this command needs no look at every directory above.
    const bool is_plain =
        path.parent_path() == here && fs::is_regular_file(fs::symlink_status(path, error));
    const auto library = is_plain ? path : fs::canonical(path, error);
    if (error) continue;
    if (library.string().find_first_of(": ") == std::string::npos) return library;
    problem = fmt::format(
        "the path of '{}' contains a blank or a colon, which LD_PRELOAD cannot "
        "hold; install detsim elsewhere",
        library.string());
    return "";
  }
  problem = fmt::format("libdetsim.so is neither in {} nor in {}; install detsim again",
                        here.string(), (here.parent_path() / "lib/detsim").string());
  return "";
}

RunResult refusal(int code, std::string problem) {
  RunResult result;
  result.refused = code;
  result.problem = std::move(problem);
  return result;
}

Config config_of(const RunOptions& options, const std::string& library, std::uint32_t core,
                 const PrivateView* view) {
  Config config;
  config.seed = options.seed;
  config.epoch_ns = options.epoch_ns;
  config.virtual_limit_ns = options.virtual_limit_ns;
  config.cpus = options.cpus;
  config.real_cpu = core;
  config.quiet = options.quiet;
  config.tells_crashes = options.look_at_crash != nullptr || !options.report_path.empty();
  if (view != nullptr) config.view_made_real_ns = view->made_real_ns();
  library.copy(config.library, sizeof config.library - 1);
  return config;
}

void set_limits(const RunOptions& options) {
  auto& limits = run_limits();
  limits.output_bytes_max = options.limits.output_bytes;
  limits.processes_max = options.limits.processes;
  const int outputs[] = {options.standard_output, options.standard_error};
  for (int i = 0; i < 2; ++i) {
    struct stat status {};
    if (fstat(outputs[i], &status) != 0 || !S_ISREG(status.st_mode)) continue;
    limits.outputs[i] = {.device = status.st_dev, .inode = status.st_ino};
  }
}

TraceMetadata metadata_of(const RunOptions& options) {
  return {.detsim_version = DETSIM_VERSION,
          .seed = options.seed,
          .strategy = options.choices != nullptr ? "replay" : strategy_of(options),
          .command = options.command};
}

FaultState& fault_state() { return *reinterpret_cast<FaultState*>(kWorldFaults); }

std::FILE* words_of(const RunOptions& options) {
  return options.words == nullptr ? stderr : options.words;
}

// Everything that the rounds of a run have in common.
struct Session {
  const RunOptions& options;
  std::string library{};
  std::uint32_t core = 0;
  std::shared_ptr<PrivateView> view{};  // nullptr: the target sees what everybody sees
  std::unique_ptr<MachineDisk> disk{};  // nullptr: it forgets nothing
  std::vector<std::string> environment{};
  std::unique_ptr<TraceWriter> trace{};  // nullptr: none is written
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

// What a directory that starts empty must not hide.
std::vector<std::string> needed_paths(const RunOptions& options, const std::string& library,
                                      const Target& target) {
  std::error_code error;
  const auto program = fs::absolute(target.path, error).parent_path().string();
  const auto here = fs::current_path(error).string();
  const auto shim = fs::path(library).parent_path().string();
  std::vector<std::string> needed = {program, here, shim};
  auto words = options.command;
  for (std::istringstream rest(options.then); rest >> words.emplace_back();) continue;
  for (const auto& word : words) {
    for (const auto& path : {word, word.substr(word.find('=') + 1)}) {
      if (!path.starts_with('/')) continue;
      const auto whole = fs::weakly_canonical(path, error);
      if (!error && fs::exists(whole, error)) needed.push_back(whole.string());
    }
  }
  return needed;
}

// The run's own view of its directories, and its disk: none without a problem if it needs none.
std::string set_up_directories(Session& session, const Target& target) {
  const auto& options = session.options;
  std::string problem;
  std::vector<std::string> disk;
  if (has_disk(options)) disk = disk_directories(options, problem);
  if (!problem.empty()) return problem;
  auto wanted = options.private_directories;
  if (!options.faults.disk_in_place) {
    for (const auto& each : disk) wanted.push_back({.shown = each, .copy = ""});
  }
  session.view = options.view;
  if (session.view == nullptr && !wanted.empty()) {
    const auto kept = needed_paths(options, session.library, target);
    std::string warning;
    session.view = PrivateView::create(std::move(wanted), kept, problem, warning);
    if (!warning.empty() && !options.quiet) say(warning, words_of(options));
  }
  if (!problem.empty() || disk.empty()) return problem;
  const auto* view = options.faults.disk_in_place ? nullptr : session.view.get();
  session.disk = MachineDisk::create(disk, view, problem);
  return problem;
}

// The world as the run finds it, but for what publishes it.
std::string fill_world(const Session& session) {
  const auto& options = session.options;
  auto& w = world();
  w.scheduler.strategy.index = options.strategy;
  w.scheduler.strategy.parameter = options.strategy_parameter;
  w.scheduler.strategy.length = options.strategy_length;
  if (options.choices != nullptr) follow(w, *options.choices);
  w.trace.enabled = session.trace != nullptr;
  w.trace.stop_at = options.stop_at;
  set_limits(options);
  auto plan = options.faults;
  if (session.disk != nullptr) {
    plan.disk_paths.clear();
    for (const auto& place : session.disk->places()) plan.disk_paths.push_back(place.shown);
    const auto problem = session.disk->prepare(plan.disk_profile);
    if (!problem.empty()) return problem;
  }
  auto problem = compile_plan(plan, options.seed, fs::current_path(), fault_state());
  if (options.choices != nullptr) follow_strikes(fault_state(), *options.choices);
  return problem;
}

// One command, from its start to the end of all its processes. A problem: it was not started.
std::string run_round(const Session& session, const Target& target, const SignalWatch& signals,
                      RunResult& result) {
  auto options = session.options;
  if (options.wall_limit_ns != kNever) {
    const auto gone = std::chrono::nanoseconds(std::chrono::steady_clock::now() - session.began);
    const auto gone_ns = static_cast<std::uint64_t>(gone.count());
    options.wall_limit_ns -= std::min(options.wall_limit_ns, gone_ns);
  }
  const auto environment =
      image_environment(session.environment, target, session.library,
                        fmt::format("{}", world().config.world_fd), options.environment_pad);
  const auto start = start_root(options, target, environment, session.core, session.view.get());
  if (start.pid < 0) return start.problem;
  attend(options, start.pid, signals, session.trace.get(), result);
  remove_message_queues();
  if (result.outcome != Outcome::power_lost) return "";
  ++round_of_run().cuts;
  return session.disk == nullptr ? "" : session.disk->cut_power(options.seed);
}

// All rounds of the run. `first` is the command, `last` that of --then.
std::string run_rounds(Session& session, const Target& first, const Target& last,
                       RunResult& result) {
  const SignalWatch signals;
  const auto environment = session.environment;
  for (auto next = Next::command; next != Next::nothing;) {
    const bool is_recovery = next == Next::recovery;
    const auto problem = run_round(session, is_recovery ? last : first, signals, result);
    if (!problem.empty()) return problem;
    next = next_round(session.options, result);
    if (next == Next::nothing) break;
    session.environment = environment;
    session.environment.push_back(fmt::format("DETSIM_ENDED_WITH={}", exit_code_of(result)));
    start_again(world(), next, session.options, result);
  }
  result.cuts = round_of_run().cuts;
  return "";
}

void gather_result(const Session& session, RunResult& result) {
  result.decisions = world().scheduler.decisions;
  result.schedule_hash = happened_before().sum;
  result.faults = gather_faults(fault_state());
  if (session.options.choices != nullptr) note_misfits(fault_state(), result);
  if (session.trace == nullptr) return;
  session.trace->finish(result.trace_hash, word_of(result.outcome));
  result.trace_loss = session.trace->loss();
}

}  // namespace

RunResult run_target(const RunOptions& options) {
  if (is_inside_detsim()) {
    return refusal(kExitFailed, "this is already a run of detsim: it cannot run inside itself");
  }
  Session session{.options = options};
  session.environment = target_environment(options.environment);
  const auto search = variable(session.environment, "PATH", "/bin:/usr/bin");
  const auto target = find_target(options.command, search);
  if (target.refused != 0) return refusal(target.refused, target.problem);
  Target last;
  if (!options.then.empty()) last = find_target({"/bin/sh", "-c", options.then}, search);
  if (last.refused != 0) return refusal(last.refused, last.problem);
  if (!offers_user_dispatch()) {
    return refusal(kExitFailed,
                   "this kernel or container offers no syscall user dispatch; see `detsim doctor`");
  }
  std::string problem;
  session.library = find_library(problem);
  if (problem.empty() && !options.trace_path.empty()) {
    session.trace = TraceWriter::create(options.trace_path, metadata_of(options), problem);
  }
  if (!problem.empty()) return refusal(kExitFailed, problem);
  if (options.choices != nullptr && !can_follow(*options.choices, problem)) {
    return refusal(kExitFailed, problem);
  }
  problem = set_up_directories(session, target);
  if (!problem.empty()) return refusal(kExitFailed, problem);

  session.core = options.core >= 0 ? static_cast<std::uint32_t>(options.core) : choose_core();
  const auto config = config_of(options, session.library, session.core, session.view.get());
  const auto mapping = WorldMapping::create(config, problem);
  if (mapping == nullptr) return refusal(kExitFailed, problem);
  problem = fill_world(session);
  if (!problem.empty()) return refusal(kExitFailed, problem);
  mapping->publish();

  become_subreaper();
  if (!options.announcement.empty()) say(options.announcement, words_of(options));
  RunResult result;
  if (options.returns_view) result.view = session.view;
  problem = run_rounds(session, target, last, result);
  if (!problem.empty()) return refusal(kExitFailed, problem);
  gather_result(session, result);
  if (session.disk != nullptr && !options.keep_disk.empty()) {
    result.keeping_failed = session.disk->copy_out(options.keep_disk);
  }
  return result;
}

int exit_code_of(const RunResult& result) {
  if (result.refused != 0) return result.refused;
  if (result.ended_by_signal != 0) return 128 + result.ended_by_signal;
  switch (result.outcome) {
    case Outcome::finished: {
      const auto status = static_cast<int>(result.status);
      return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    case Outcome::deadlock: return kExitDeadlock;
    case Outcome::virtual_timeout:
    case Outcome::output_limit:
    case Outcome::wall_timeout: return kExitLimit;
    case Outcome::property_failed: return kExitProperty;
    case Outcome::power_lost: return 128 + SIGKILL;
    default: return kExitFailed;
  }
}

bool failed(const RunResult& result) { return exit_code_of(result) != 0; }

const char* word_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::running: return "running";
    case Outcome::finished: return "finished";
    case Outcome::deadlock: return "deadlock";
    case Outcome::virtual_timeout: return "virtual-timeout";
    case Outcome::wall_timeout: return "timeout";
    case Outcome::failed: return "failed";
    case Outcome::stopped: return "stopped";
    case Outcome::property_failed: return "property-failed";
    case Outcome::power_lost: return "power-lost";
    case Outcome::output_limit: return "output-limit";
  }
  return "?";
}

void end_like(const RunResult& result) {
  std::fflush(nullptr);
  const int code = exit_code_of(result);
  const bool by_signal =
      result.ended_by_signal != 0 || (result.outcome == Outcome::finished && result.refused == 0 &&
                                      WIFSIGNALED(static_cast<int>(result.status)));
  if (by_signal) {
    const rlimit no_core{};
    setrlimit(RLIMIT_CORE, &no_core);
    const int number = code - 128;
    std::signal(number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    raise(number);
  }
  _exit(code);
}

std::string strategy_of(const RunOptions& options) {
  return strategy_text(options.strategy, options.strategy_parameter, options.strategy_length);
}

std::string command_line_of(const RunOptions& options, const std::string& program) {
  const RunOptions defaults;
  auto line = fmt::format("{} run --seed {}", shell_quoted(program), options.seed);
  const auto strategy = strategy_of(options);
  if (!options.choices_path.empty()) {
    line += " --choices " + shell_quoted(options.choices_path);
  } else if (strategy != strategy_text(0, strategies()[0].parameter_default)) {
    line += " --strategy " + strategy;
  }
  for (const auto& change : options.environment) line += " --env " + shell_quoted(change);
  if (options.cpus != defaults.cpus) line += fmt::format(" --cpus {}", options.cpus);
  if (options.epoch_ns != defaults.epoch_ns) line += " --epoch " + time_text(options.epoch_ns);
  if (!options.faults_text.empty()) line += " --faults " + shell_quoted(options.faults_text);
  for (const auto& text : options.fault_texts) line += " --fault " + shell_quoted(text);
  for (const auto& path : options.disk_texts) line += " --disk " + shell_quoted(path);
  if (!options.profile_text.empty()) line += " --profile " + options.profile_text;
  if (options.in_place_given) line += " --in-place";
  if (options.crashes != 0) line += fmt::format(" --crashes {}", options.crashes);
  if (!options.then.empty()) line += " --then " + shell_quoted(options.then);
  bool has_empty = false;
  for (const auto& directory : options.private_directories) {
    if (!directory.starts_empty) line += " --private " + shell_quoted(directory.shown);
    has_empty = has_empty || directory.starts_empty;
  }
  if (has_empty) line += " --private-tmp";
  if (options.virtual_limit_ns != kNever) {
    line += " --virtual-timeout " + duration_text(options.virtual_limit_ns);
  }
  const auto& limits = options.limits;
  if (limits.output_bytes != 0) line += " --output-limit " + bytes_text(limits.output_bytes);
  if (limits.file_bytes != 0) line += " --file-limit " + bytes_text(limits.file_bytes);
  if (limits.processes != 0) line += fmt::format(" --process-limit {}", limits.processes);
  line += " --";
  for (const auto& word : options.command) line += " " + shell_quoted(word);
  return line;
}

}  // namespace detsim
