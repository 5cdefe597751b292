#include "launcher/run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>

#include "launcher/attend.hpp"
#include "launcher/children.hpp"
#include "launcher/launch.hpp"
#include "launcher/message_queues.hpp"
#include "launcher/rounds.hpp"
#include "launcher/say.hpp"
#include "launcher/start.hpp"
#include "launcher/values.hpp"
#include "launcher/world_mapping.hpp"
#include "scheduler/rounds.hpp"

namespace detsim {
namespace {

RunResult refusal(int code, std::string problem) {
  RunResult result;
  result.refused = code;
  result.problem = std::move(problem);
  return result;
}

TraceMetadata metadata_of(const RunOptions& options) {
  return {.detsim_version = DETSIM_VERSION,
          .seed = options.seed,
          .strategy = options.choices != nullptr ? "replay" : strategy_of(options),
          .command = options.command};
}

// Everything that the rounds of a run have in common.
struct Session {
  const RunOptions& options;
  Launch launch;
  std::unique_ptr<TraceWriter> trace{};  // nullptr: none is written
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

// One command, from its start to the end of all its processes. A problem: it was not started.
std::string run_round(const Session& session, const Target& target, const SignalWatch& signals,
                      RunResult& result) {
  const auto& launch = session.launch;
  auto options = session.options;
  if (options.wall_limit_ns != kNever) {
    const auto gone = std::chrono::nanoseconds(std::chrono::steady_clock::now() - session.began);
    const auto gone_ns = static_cast<std::uint64_t>(gone.count());
    options.wall_limit_ns -= std::min(options.wall_limit_ns, gone_ns);
  }
  const auto start = start_root(options, launch, target);
  if (start.pid < 0) return start.problem;
  attend(options, start.pid, signals, session.trace.get(), result);
  remove_message_queues();
  if (result.outcome != Outcome::power_lost) return "";
  ++round_of_run().cuts;
  return launch.disk == nullptr ? "" : launch.disk->cut_power(options.seed);
}

// All rounds of the run.
std::string run_rounds(Session& session, RunResult& result) {
  const SignalWatch signals;
  auto& launch = session.launch;
  const auto environment = launch.environment;
  for (auto next = Next::command; next != Next::nothing;) {
    const auto& target = next == Next::recovery ? launch.last : launch.target;
    const auto problem = run_round(session, target, signals, result);
    if (!problem.empty()) return problem;
    next = next_round(session.options, result);
    if (next == Next::nothing) break;
    launch.environment = environment;
    launch.environment.push_back(fmt::format("DETSIM_ENDED_WITH={}", exit_code_of(result)));
    start_again(world(), next, session.options, result);
  }
  result.cuts = round_of_run().cuts;
  return "";
}

}  // namespace

RunResult run_target(const RunOptions& options) {
  Session session{.options = options, .launch = prepare(options)};
  const auto& launch = session.launch;
  if (launch.refused != 0) return refusal(launch.refused, launch.problem);
  std::string problem;
  if (!options.trace_path.empty()) {
    session.trace = TraceWriter::create(options.trace_path, metadata_of(options), problem);
    if (!problem.empty()) return refusal(kExitFailed, problem);
  }
  const auto mapping = WorldMapping::create(config_of(options, launch), problem);
  if (mapping == nullptr) return refusal(kExitFailed, problem);
  world().trace.enabled = session.trace != nullptr;
  problem = decide_run(options, launch, world().scheduler.strategy);
  if (!problem.empty()) return refusal(kExitFailed, problem);
  mapping->publish();

  become_subreaper();
  if (!options.announcement.empty()) say(options.announcement, words_of(options));
  RunResult result;
  if (options.returns_view) result.view = launch.view;
  problem = run_rounds(session, result);
  if (!problem.empty()) return refusal(kExitFailed, problem);
  gather_result(options, result);
  if (session.trace != nullptr) {
    session.trace->finish(result.trace_hash, word_of(result.outcome));
    result.trace_loss = session.trace->loss();
  }
  if (launch.disk != nullptr && !options.keep_disk.empty()) {
    result.keeping_failed = launch.disk->copy_out(options.keep_disk);
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
  if (!options.branch.is_root() && options.choices_path.empty()) {
    line += " --branch-at " + branch_text(options.branch);
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
  for (const auto& path : options.left_out) line += " --leave-out " + shell_quoted(path);
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
