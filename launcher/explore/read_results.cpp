// Reading result directories: see results.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>

#include "launcher/explore/failure_directory.hpp"
#include "launcher/explore/results.hpp"
#include "launcher/explore/run_json.hpp"
#include "launcher/fault_texts.hpp"
#include "launcher/values.hpp"
#include "launcher/whole_file.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
constexpr int kSchema = 1;
constexpr std::size_t kCoveragePoints = 400;

Json json_of(const ExploreOptions& options) {
  const auto& run = options.run;
  Json json = {{"schema", kSchema}, {"detsim", DETSIM_VERSION}};
  json["first_seed"] = options.first_seed;
  json["runs"] = options.runs;
  json["strategy"] = options.mixes ? "mix" : strategy_of(run);
  json["shard"] = {{"index", options.shard.index}, {"count", options.shard.count}};
  json["duration_ns"] = options.duration_ns;
  json["until_failure"] = options.until_failure;
  if (options.branch != 0) json["branch_children"] = options.branch;
  json["timeout_ns"] = run.wall_limit_ns;
  put_run(json, run);
  std::error_code error;
  json["working_directory"] = fs::current_path(error).string();
  auto sums = run.command.empty() ? std::vector<FileSum>{} : sums_of(run);
  if (is_plan_file(run.faults_text)) sums.push_back(sum_of(run.faults_text));
  auto& files = json["files"] = Json::array();
  for (const auto& file : sums) {
    files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sum", file.sum}});
  }
  return json;
}

void fill(const Json& json, ExploreOptions& options) {
  auto& run = options.run;
  take_run(json, run);
  options.first_seed = json.at("first_seed").get<std::uint64_t>();
  options.runs = json.at("runs").get<std::uint64_t>();
  const auto strategy = json.at("strategy").get<std::string>();
  options.mixes = strategy == "mix";
  if (!options.mixes) {
    const auto choice = parse_strategy(strategy);
    if (!choice) throw std::invalid_argument(choice.problem);
    run.strategy = choice.value.index;
    run.strategy_parameter = choice.value.parameter;
    run.strategy_length = choice.value.length;
  }
  options.shard.index = json.at("shard").at("index").get<std::uint64_t>();
  options.shard.count = json.at("shard").at("count").get<std::uint64_t>();
  options.duration_ns = json.at("duration_ns").get<std::uint64_t>();
  options.until_failure = json.at("until_failure").get<bool>();
  options.branch = json.value("branch_children", std::uint64_t{0});
  run.wall_limit_ns = json.at("timeout_ns").get<std::uint64_t>();
}

// What must be the same in all parts: the first key that is not.
std::string difference(const std::string& a, const std::string& b) {
  auto one = Json::parse(a), other = Json::parse(b);
  for (auto* json : {&one, &other}) {
    for (const auto* key : {"shard", "working_directory", "left_out"}) json->erase(key);
  }
  for (const auto& [key, value] : one.items()) {
    if (!other.contains(key) || other.at(key) != value) return key;
  }
  for (const auto& [key, value] : other.items()) {
    if (!one.contains(key)) return key;
  }
  return "";
}

class Reader {
 public:
  Results read(const std::vector<std::string>& directories) {
    for (const auto& part : parts_of(directories)) {
      read_part(part);
      if (!results_.problem.empty()) return std::move(results_);
    }
    if (results_.parts == 0) {
      results_.problem = fmt::format("'{}' holds no results of an exploration",
                                     directories.empty() ? "" : directories[0]);
      return std::move(results_);
    }
    finish();
    return std::move(results_);
  }

 private:
  // Directories below one that holds none itself, by name.
  static std::vector<std::string> parts_of(const std::vector<std::string>& directories) {
    std::vector<std::string> parts;
    std::error_code error;
    for (const auto& directory : directories) {
      if (fs::exists(directory + "/exploration.json", error)) {
        parts.push_back(directory);
        continue;
      }
      std::vector<std::string> below;
      for (const auto& entry : fs::directory_iterator(directory, error)) {
        if (fs::exists(entry.path() / "exploration.json", error)) below.push_back(entry.path());
      }
      std::sort(below.begin(), below.end());
      if (below.empty()) below.push_back(directory);
      parts.insert(parts.end(), below.begin(), below.end());
    }
    return parts;
  }

  void read_part(const std::string& directory) {
    const auto text = whole_file(directory + "/exploration.json").value_or("");
    if (text.empty()) {
      results_.notes.push_back(
          fmt::format("'{}' has no exploration.json: nothing was read of it", directory));
      return;
    }
    ExploreOptions options;
    if (const auto problem = parse_options(text, options); !problem.empty()) {
      results_.problem = fmt::format("'{}/exploration.json' {}", directory, problem);
      return;
    }
    if (results_.parts == 0) {
      first_text_ = text;
      first_directory_ = directory;
      results_.options = options;
    } else if (const auto what = difference(first_text_, text); !what.empty()) {
      results_.problem =
          fmt::format("'{}' and '{}' are not parts of one exploration: '{}' is not the same",
                      first_directory_, directory, what);
      return;
    }
    ++results_.parts;
    read_runs(directory);
  }

  void read_runs(const std::string& directory) {
    std::ifstream in(directory + "/runs.jsonl", std::ios::binary);
    std::uint64_t wall_ns = 0, ended_ns = 0;
    bool interrupted = true;
    for (std::string line; std::getline(in, line);) {
      if (line.empty()) continue;
      RunRecord record;
      if (parse_line(line, record)) {
        wall_ns = std::max(wall_ns, record.at_ns);
        interrupted = true;
        take_of_seed(std::move(record));
      } else if (!take_other(directory, line, ended_ns, interrupted)) {
        ++results_.damaged;
      }
    }
    of_seed_.clear();
    results_.done.wall_ns += std::max(wall_ns, ended_ns);
    results_.done.interrupted |= interrupted;
  }

  // The branches of a seed stand before it; without it, they are not all, and will be done again.
  void take_of_seed(RunRecord record) {
    const bool is_root = record.branch.is_root();
    if (!of_seed_.empty() && of_seed_[0].seed != record.seed) of_seed_.clear();
    of_seed_.push_back(std::move(record));
    if (!is_root) return;
    for (auto& each : of_seed_) take(each);
    of_seed_.clear();
  }

  void take(RunRecord& record) {
    record.strategy = strategy_of(run_of(results_.options, record.seed, record.strategy_length));
    results_.strategy_length = std::max(results_.strategy_length, record.strategy_length);
    const auto [seen, is_new] =
        row_of_run_.try_emplace({record.seed, record.branch}, results_.rows.size());
    if (!is_new) {
      const auto& row = results_.rows[seen->second];
      ++results_.twice;
      if (row.schedule != record.schedule || row.outcome != record.outcome) ++results_.differing;
      return;
    }
    count(results_.done, record);
    RunRow row{record.seed,      record.branch,
               record.schedule,  record.outcome,
               record.events,    record.virtual_ns,
               record.wall_ns,   0,
               record.exit_code, -1};
    for (const auto& rule : record.rules) row.strikes += rule.strikes;
    if (record.failed) row.signature = signature_of(record.failure.signature);
    results_.rows.push_back(row);
  }

  std::int32_t signature_of(const std::string& signature) {
    const auto next = static_cast<std::int32_t>(results_.signatures.size());
    const auto [at, is_new] = signatures_.try_emplace(signature, next);
    if (is_new) results_.signatures.push_back(signature);
    return at->second;
  }

  // Lines that are no runs: examples that were kept, and the end.
  bool take_other(const std::string& directory, const std::string& line, std::uint64_t& ended_ns,
                  bool& interrupted) {
    const auto json = Json::parse(line, nullptr, false);
    if (!json.is_object()) return false;
    try {
      if (json.contains("end")) {
        ended_ns = json.at("wall_ns").get<std::uint64_t>();
        interrupted = json.at("end") == "interrupted";
        return true;
      }
      KeptExample example{
          {json.at("kind").get<std::string>(), json.at("message").get<std::string>(),
           json.at("signature").get<std::string>()},
          json.at("of_seed").get<std::uint64_t>(),
          {.decision = json.value("decision", std::uint64_t{0}),
           .child = json.value("child", std::uint64_t{0})},
          json.at("strategy").get<std::string>(),
          json.at("kept").get<std::string>(),
          json.at("problem").get<std::string>()};
      if (!example.directory.empty()) {
        example.directory = directory + "/" + example.directory;
        std::error_code error;
        if (!fs::exists(example.directory + "/failure.json", error)) return true;
      }
      count(results_.done, example);
    } catch (const Json::exception&) {
      return false;
    }
    return true;
  }

  void finish() {
    auto& rows = results_.rows;
    std::sort(rows.begin(), rows.end(), [](const RunRow& a, const RunRow& b) {
      return std::tie(a.seed, a.branch) < std::tie(b.seed, b.branch);
    });
    // An example whose run was not written down is none.
    std::erase_if(results_.done.buckets, [](const auto& entry) { return entry.second.count == 0; });
    auto& options = results_.options;
    const bool is_whole = results_.parts > 1 || options.shard.count == 1;
    const auto asked = is_whole ? options.runs : runs_of(options.shard, options.runs);
    const auto seeds = results_.done.branching.roots;
    if (options.runs != ~0ull && asked > seeds) results_.missing = asked - seeds;
    if (is_whole) options.shard = {};
    if (results_.missing == 0) judge_properties(options, results_.done);
    measure_coverage(results_, results_.done.coverage);
    tell();
  }

  void tell() {
    const auto note = [&](std::uint64_t number, const char* words) {
      if (number != 0) results_.notes.push_back(fmt::format("{} {}", number, words));
    };
    note(results_.missing, "seeds have not been run");
    note(results_.twice, "runs were done more than once, and count once");
    note(results_.differing, "of them had another result the second time; see `detsim check`");
    note(results_.damaged, "lines are damaged, and left out");
  }

  Results results_;
  std::string first_text_, first_directory_;
  std::map<std::pair<std::uint64_t, Branch>, std::size_t> row_of_run_;
  std::vector<RunRecord> of_seed_;
  std::unordered_map<std::string, std::int32_t> signatures_;
};

}  // namespace

std::string options_text(const ExploreOptions& options) { return json_of(options).dump(2) + "\n"; }

std::string parse_options(const std::string& text, ExploreOptions& options) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("schema", 0) != kSchema) {
    return "is of another version of detsim, or damaged";
  }
  try {
    fill(json, options);
  } catch (const std::exception& error) {
    return fmt::format("is damaged: {}", error.what());
  }
  return "";
}

Results read_results(const std::vector<std::string>& directories) {
  return Reader().read(directories);
}

void measure_coverage(const Results& results, std::vector<CoveragePoint>& coverage) {
  coverage.clear();
  DistinctCounter schedules, outcomes;
  const auto runs = results.rows.size();
  CoveragePoint now;
  for (const auto& row : results.rows) {
    schedules.add(row.schedule);
    outcomes.add(row.outcome);
    ++now.runs;
    now.failed += row.signature >= 0 ? 1 : 0;
    // Evenly spread, the last always among them.
    const auto points = std::min<std::uint64_t>(kCoveragePoints, runs);
    if (now.runs * points / runs == (now.runs - 1) * points / runs) continue;
    now.schedules = schedules.distinct();
    now.outcomes = outcomes.distinct();
    coverage.push_back(now);
  }
}

}  // namespace detsim
