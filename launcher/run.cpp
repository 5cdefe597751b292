#include "launcher/run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "faultplan/reading/compile.hpp"
#include "launcher/attend.hpp"
#include "launcher/children.hpp"
#include "launcher/follow.hpp"
#include "launcher/image.hpp"
#include "launcher/machine.hpp"
#include "launcher/message_queues.hpp"
#include "launcher/say.hpp"
#include "launcher/start.hpp"
#include "launcher/values.hpp"
#include "launcher/world_mapping.hpp"
#include "scheduler/happened_before.hpp"

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
  if (view != nullptr) config.view_made_real_ns = view->made_real_ns();
  library.copy(config.library, sizeof config.library - 1);
  return config;
}

TraceMetadata metadata_of(const RunOptions& options) {
  return {.detsim_version = DETSIM_VERSION,
          .seed = options.seed,
          .strategy = options.choices != nullptr ? "replay" : strategy_of(options),
          .command = options.command};
}

std::FILE* words_of(const RunOptions& options) {
  return options.words == nullptr ? stderr : options.words;
}

// nullptr without a problem: the run has no private directories.
std::shared_ptr<PrivateView> view_of(const RunOptions& options, const std::string& library,
                                     const Target& target, std::string& problem) {
  if (options.view != nullptr || options.private_directories.empty()) return options.view;
  std::error_code error;
  const auto program = fs::absolute(target.path, error).parent_path().string();
  const auto here = fs::current_path(error).string();
  const auto shim = fs::path(library).parent_path().string();
  std::string warning;
  auto view =
      PrivateView::create(options.private_directories, {program, here, shim}, problem, warning);
  if (!warning.empty() && !options.quiet) say(warning, words_of(options));
  return view;
}

}  // namespace

RunResult run_target(const RunOptions& options) {
  if (is_inside_detsim()) {
    return refusal(kExitFailed, "this is already a run of detsim: it cannot run inside itself");
  }
  auto environment = target_environment(options.environment);
  auto target = find_target(options.command, variable(environment, "PATH", "/bin:/usr/bin"));
  if (target.refused != 0) return refusal(target.refused, target.problem);
  if (!offers_user_dispatch()) {
    return refusal(kExitFailed,
                   "this kernel or container offers no syscall user dispatch; see `detsim doctor`");
  }
  std::string problem;
  const auto library = find_library(problem);
  std::unique_ptr<TraceWriter> trace;
  if (problem.empty() && !options.trace_path.empty()) {
    trace = TraceWriter::create(options.trace_path, metadata_of(options), problem);
  }
  if (!problem.empty()) return refusal(kExitFailed, problem);
  if (options.choices != nullptr && !can_follow(*options.choices, problem)) {
    return refusal(kExitFailed, problem);
  }

  const auto view = view_of(options, library, target, problem);
  if (!problem.empty()) return refusal(kExitFailed, problem);

  const auto core = options.core >= 0 ? static_cast<std::uint32_t>(options.core) : choose_core();
  const auto mapping = WorldMapping::create(config_of(options, library, core, view.get()), problem);
  if (mapping == nullptr) return refusal(kExitFailed, problem);
  auto& w = world();
  w.scheduler.strategy.index = options.strategy;
  w.scheduler.strategy.parameter = options.strategy_parameter;
  w.scheduler.strategy.length = options.strategy_length;
  if (options.choices != nullptr) follow(w, *options.choices);
  w.trace.enabled = trace != nullptr;
  w.trace.stop_at = options.stop_at;
  auto& faults = *reinterpret_cast<FaultState*>(kWorldFaults);
  problem = compile_plan(options.faults, options.seed, fs::current_path(), faults);
  if (!problem.empty()) return refusal(kExitFailed, problem);
  mapping->publish();

  environment = image_environment(std::move(environment), target, library,
                                  fmt::format("{}", w.config.world_fd), options.environment_pad);
  become_subreaper();
  if (!options.announcement.empty()) say(options.announcement, words_of(options));
  const SignalWatch signals;
  const auto start = start_root(options, target, environment, core, view.get());
  if (start.pid < 0) return refusal(kExitFailed, start.problem);

  RunResult result;
  attend(options, start.pid, signals, trace.get(), result);
  result.decisions = w.scheduler.decisions;
  result.schedule_hash = happened_before().sum;
  if (options.choices != nullptr) note_misfits(result);
  remove_message_queues();
  result.faults = gather_faults(faults);
  if (trace != nullptr) {
    trace->finish(result.trace_hash, word_of(result.outcome));
    result.trace_loss = trace->loss();
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
  for (const auto& directory : options.private_directories) {
    line +=
        directory.starts_empty ? " --private-tmp" : " --private " + shell_quoted(directory.shown);
  }
  if (options.virtual_limit_ns != kNever) {
    line += " --virtual-timeout " + duration_text(options.virtual_limit_ns);
  }
  line += " --";
  for (const auto& word : options.command) line += " " + shell_quoted(word);
  return line;
}

}  // namespace detsim
