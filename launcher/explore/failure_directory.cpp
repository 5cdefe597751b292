#include "launcher/explore/failure_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "launcher/explore/branching.hpp"
#include "launcher/explore/own_files.hpp"
#include "launcher/explore/run_json.hpp"
#include "launcher/fault_texts.hpp"
#include "launcher/follow.hpp"
#include "launcher/target.hpp"
#include "launcher/values.hpp"
#include "launcher/whole_file.hpp"
#include "trace/format.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
constexpr int kSchema = 1;
constexpr const char *kPlanFile = "plan.yaml", *kInputFile = "stdin";

std::string read_file(const std::string& path) { return whole_file(path).value_or(""); }

bool has_input(const RunOptions& options) { return options.standard_input > STDERR_FILENO; }

std::string json_text(const RunOptions& options, const KeptRun& run) {
  Json json = {{"schema", kSchema}, {"detsim", DETSIM_VERSION}};
  json["working_directory"] = fs::current_path().string();
  json["seed"] = options.seed;
  json["strategy"] = strategy_of(options);
  put_run(json, options);
  if (is_plan_file(options.faults_text)) json["faults"] = kPlanFile;
  if (has_input(options)) json["input"] = kInputFile;
  json["kind"] = run.failure->kind;
  json["message"] = run.failure->message;
  json["signature"] = run.failure->signature;
  json["exit_code"] = exit_code_of(run.result);
  json["trace_hash"] = run.result.trace_hash;
  json["events"] = run.result.events;
  auto& files = json["files"] = Json::array();
  for (const auto& file : sums_of(options)) {
    files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sum", file.sum}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void fill(const Json& json, KeptFailure& failure) {
  auto& run = failure.run;
  take_run(json, run);
  run.seed = json.at("seed").get<std::uint64_t>();
  failure.strategy = json.at("strategy").get<std::string>();
  if (const auto strategy = parse_strategy(failure.strategy)) {
    run.strategy = strategy.value.index;
    run.strategy_parameter = strategy.value.parameter;
    run.strategy_length = strategy.value.length;
  }
  failure.detsim_version = json.at("detsim").get<std::string>();
  failure.working_directory = json.at("working_directory").get<std::string>();
  failure.kind = json.at("kind").get<std::string>();
  failure.message = json.at("message").get<std::string>();
  failure.signature = json.at("signature").get<std::string>();
  failure.exit_code = json.at("exit_code").get<int>();
  failure.trace_hash = json.at("trace_hash").get<std::uint64_t>();
  failure.events = json.at("events").get<std::uint64_t>();
  for (const auto& file : json.at("files")) {
    failure.files.push_back({file.at("path").get<std::string>(),
                             file.at("bytes").get<std::uint64_t>(),
                             file.at("sum").get<std::uint64_t>()});
  }
}

bool keep_inputs(const RunOptions& options, const FaultOutcome& faults,
                 const std::string& directory) {
  if (has_input(options) &&
      !write_file(directory + "/" + kInputFile,
                  read_file(fmt::format("/proc/self/fd/{}", options.standard_input)))) {
    return false;
  }
  const auto& plan = options.faults_text;
  if (!plan.empty() && is_plan_file(plan) &&
      !write_file(directory + "/" + kPlanFile, read_file(plan))) {
    return false;
  }
  return faults.rules.empty() || write_file(directory + "/strikes.jsonl", log_of(faults));
}

// Once more, with a trace. A run may have left something outside of its own directories that later
// ones find, such as a cache: then it is not repeated, but what they do is, if it fails alike.
std::string repeat(Runner& runner, const RunOptions& options, const KeptRun& failed,
                   KeptRun& again) {
  auto expected = failed.result.trace_hash;
  for (int attempt = 0; attempt < 2; ++attempt) {
    again = runner.run(options);
    if (again.result.refused != 0) return again.result.problem;
    if (!again.result.trace_loss.empty()) return again.result.trace_loss;
    if (again.result.trace_hash == expected) return "";
    if (!options.branch.is_root()) break;  // it went on from a copy: that must not show
    if (!again.failure || again.failure->signature != failed.failure->signature) break;
    expected = again.result.trace_hash;
  }
  return "the same seed did another run when it was repeated; see `detsim check`";
}

// What a branch did must follow from its choices: they are all that is kept.
std::string check_choices(Runner& runner, const RunOptions& options, const Choices& choices,
                          std::uint64_t trace_hash) {
  auto listed = options;
  listed.branch = {};
  listed.choices = std::make_shared<Choices>(choices);
  listed.environment_pad = 64;  // so that it is started anew
  const auto again = runner.run(listed);
  if (again.result.refused != 0) return again.result.problem;
  if (again.result.trace_hash == trace_hash) return "";
  return fmt::format("its choices alone gave another run than {} did; this is a bug in detsim",
                     name_of_run(options.seed, options.branch));
}

}  // namespace

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  return static_cast<bool>(out);
}

std::string keep_failure(Runner& runner, const RunOptions& options, const KeptRun& failed,
                         const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fmt::format("cannot make '{}': {}", directory, error.message());
  auto traced = options;
  traced.trace_path = directory + "/trace";
  KeptRun again;
  auto problem = repeat(runner, traced, failed, again);
  if (!problem.empty()) return problem;
  // What was found in it may not be what every run is judged by.
  again.failure = failed.failure;
  const auto trace = TraceReader::open(traced.trace_path, problem);
  const auto scheduled = trace == nullptr ? nullptr : choices_of(*trace, problem);
  if (scheduled == nullptr) return problem;
  auto choices = *scheduled;
  list_strikes(again.result.faults, choices);
  if (!options.branch.is_root()) {
    problem = check_choices(runner, options, choices, again.result.trace_hash);
    if (!problem.empty()) return problem;
  }
  const bool written = keep_inputs(options, again.result.faults, directory) &&
                       write_file(directory + "/choices.txt", to_text(choices)) &&
                       write_file(directory + "/stdout", again.output) &&
                       write_file(directory + "/stderr", again.error) &&
                       write_file(directory + "/report.txt", again.words) &&
                       // Last: a directory without it is not whole.
                       write_file(directory + "/failure.json", json_text(options, again));
  return written ? "" : fmt::format("cannot write into '{}'", directory);
}

void remove_failure(const std::string& directory) {
  std::error_code error;
  for (const auto* name :
       {"failure.json", "choices.txt", "trace", "stdout", "stderr", "report.txt"}) {
    fs::remove(fs::path(directory) / name, error);
  }
  fs::remove(directory, error);
}

std::unique_ptr<KeptFailure> load_failure(const std::string& directory, std::string& problem) {
  const auto text = read_file(directory + "/failure.json");
  if (text.empty()) {
    problem = fmt::format("'{}' holds no failure: it has no failure.json", directory);
    return nullptr;
  }
  const auto json = Json::parse(text, nullptr, false);
  auto failure = std::make_unique<KeptFailure>();
  try {
    if (!json.is_object() || json.at("schema") != kSchema) {
      problem =
          fmt::format("'{}/failure.json' is of another version of detsim, or damaged", directory);
      return nullptr;
    }
    fill(json, *failure);
    if (json.contains("input")) {
      // Open as long as there is something to repeat.
      failure->run.standard_input =
          open((directory + "/" + kInputFile).c_str(), O_RDONLY | O_CLOEXEC);
      if (failure->run.standard_input < 0) {
        problem = fmt::format("'{}' has no {}", directory, kInputFile);
        return nullptr;
      }
    }
    // The plan as it was, whatever became of the file that it was in.
    auto& plan = failure->run.faults_text;
    if (plan == kPlanFile) plan = directory + "/" + kPlanFile;
    const auto wrong = read_plan(failure->run);
    if (!wrong.empty()) {
      problem = fmt::format("the fault plan of '{}' cannot be read: {}", directory, wrong);
      return nullptr;
    }
  } catch (const Json::exception& error) {
    problem = fmt::format("'{}/failure.json' is damaged: {}", directory, error.what());
    return nullptr;
  }
  const auto choices = parse_choices_file(directory + "/choices.txt");
  if (!choices) {
    problem = choices.problem;
    return nullptr;
  }
  failure->run.choices = choices.value.choices;
  failure->run.choices_path = choices.value.path;
  failure->directory = directory;
  leave_out(failure->run, directory);
  return failure;
}

FileSum sum_of(const std::string& path) {
  const auto data = read_file(path);
  return {path, data.size(), check_sum(data.data(), data.size())};
}

std::vector<FileSum> sums_of(const RunOptions& options) {
  const char* path = std::getenv("PATH");
  const auto target = find_target(options.command, path == nullptr ? "/bin:/usr/bin" : path);
  if (target.refused != 0) return {};
  std::vector<FileSum> sums = {sum_of(target.path)};
  // ld.so lists what it would load, and executes nothing (ld.so(8), --list).
  const auto list =
      "/lib64/ld-linux-x86-64.so.2 --list " + shell_quoted(target.path) + " 2>/dev/null </dev/null";
  std::string text;
  if (std::FILE* pipe = popen(list.c_str(), "r")) {
    char buffer[4096];
    while (const auto got = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
    pclose(pipe);
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto from = line.find('/', line.find("=>") == line.npos ? 0 : line.find("=>"));
    if (from == line.npos) continue;
    sums.push_back(sum_of(line.substr(from, line.find(" (", from) - from)));
  }
  return sums;
}

std::vector<std::string> changes_since(const KeptFailure& failure) {
  std::vector<std::string> changes;
  if (failure.detsim_version != DETSIM_VERSION) {
    changes.push_back(fmt::format("it was found by detsim {}, this is {}", failure.detsim_version,
                                  DETSIM_VERSION));
  }
  for (const auto& file : failure.files) {
    const auto now = sum_of(file.path);
    if (now == file) continue;
    changes.push_back(now.bytes == 0 && !fs::exists(file.path)
                          ? fmt::format("{} is gone", file.path)
                          : fmt::format("{} is another file now", file.path));
  }
  return changes;
}

}  // namespace detsim
