#include "launcher/launch.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <sstream>

#include "faultplan/reading/compile.hpp"
#include "launcher/follow.hpp"
#include "launcher/image.hpp"
#include "launcher/machine.hpp"
#include "launcher/say.hpp"
#include "launcher/start.hpp"
#include "launcher/world_mapping.hpp"
#include "scheduler/happened_before.hpp"
#include "scheduler/limits.hpp"
#include "scheduler/park.hpp"

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

FaultState& fault_state() { return *reinterpret_cast<FaultState*>(kWorldFaults); }

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
std::string set_up_directories(const RunOptions& options, Launch& launch) {
  std::string problem;
  std::vector<std::string> disk;
  if (has_disk(options)) disk = disk_directories(options, problem);
  if (!problem.empty()) return problem;
  auto wanted = options.private_directories;
  if (!options.faults.disk_in_place) {
    for (const auto& each : disk) wanted.push_back({.shown = each, .copy = ""});
  }
  launch.view = options.view;
  if (launch.view == nullptr && !wanted.empty()) {
    const auto kept = needed_paths(options, launch.library, launch.target);
    std::string warning;
    launch.view = PrivateView::create(std::move(wanted), kept, options.left_out, problem, warning);
    if (!warning.empty() && !options.quiet) say(warning, words_of(options));
  }
  if (!problem.empty() || disk.empty()) return problem;
  const auto* view = options.faults.disk_in_place ? nullptr : launch.view.get();
  launch.disk = MachineDisk::create(disk, view, problem);
  return problem;
}

Launch refuse(Launch& launch, int code, std::string problem) {
  launch.refused = code;
  launch.problem = std::move(problem);
  return std::move(launch);
}

}  // namespace

std::FILE* words_of(const RunOptions& options) {
  return options.words == nullptr ? stderr : options.words;
}

Launch prepare(const RunOptions& options) {
  Launch launch;
  if (is_inside_detsim()) {
    return refuse(launch, kExitFailed,
                  "this is already a run of detsim: it cannot run inside itself");
  }
  launch.environment = target_environment(options.environment);
  const auto search = variable(launch.environment, "PATH", "/bin:/usr/bin");
  launch.target = find_target(options.command, search);
  if (launch.target.refused != 0) {
    return refuse(launch, launch.target.refused, launch.target.problem);
  }
  if (!options.then.empty()) launch.last = find_target({"/bin/sh", "-c", options.then}, search);
  if (launch.last.refused != 0) return refuse(launch, launch.last.refused, launch.last.problem);
  if (!offers_user_dispatch()) {
    return refuse(launch, kExitFailed,
                  "this kernel or container offers no syscall user dispatch; see `detsim doctor`");
  }
  std::string problem;
  launch.library = find_library(problem);
  if (problem.empty() && options.choices != nullptr) can_follow(*options.choices, problem);
  if (problem.empty()) problem = set_up_directories(options, launch);
  if (!problem.empty()) return refuse(launch, kExitFailed, problem);
  launch.core = options.core >= 0 ? static_cast<std::uint32_t>(options.core) : choose_core();
  return launch;
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

Config config_of(const RunOptions& options, const Launch& launch) {
  Config config;
  config.seed = options.seed;
  config.epoch_ns = options.epoch_ns;
  config.virtual_limit_ns = options.virtual_limit_ns;
  config.cpus = options.cpus;
  config.real_cpu = launch.core;
  config.quiet = options.quiet;
  config.tells_crashes = options.look_at_crash != nullptr || !options.report_path.empty();
  if (launch.view != nullptr) config.view_made_real_ns = launch.view->made_real_ns();
  launch.library.copy(config.library, sizeof config.library - 1);
  return config;
}

std::string decide_run(const RunOptions& options, const Launch& launch, StrategyState& strategy) {
  strategy = {};
  strategy.index = options.strategy;
  strategy.parameter = options.strategy_parameter;
  strategy.length = options.strategy_length;
  park_control().branch = options.choices != nullptr ? Branch{} : options.branch;
  if (options.choices != nullptr) follow(strategy, *options.choices);
  world().trace.stop_at = options.stop_at;
  set_limits(options);
  auto plan = options.faults;
  if (launch.disk != nullptr) {
    plan.disk_paths.clear();
    for (const auto& place : launch.disk->places()) plan.disk_paths.push_back(place.shown);
    const auto problem = launch.disk->prepare(plan.disk_profile);
    if (!problem.empty()) return problem;
  }
  auto problem = compile_plan(plan, options.seed, fs::current_path(), fault_state());
  if (options.choices != nullptr) follow_strikes(fault_state(), *options.choices);
  return problem;
}

void gather_result(const RunOptions& options, RunResult& result) {
  result.decisions = world().scheduler.decisions;
  result.schedule_hash = happened_before().sum;
  result.faults = gather_faults(fault_state());
  if (options.choices != nullptr) note_misfits(fault_state(), result);
}

}  // namespace detsim
