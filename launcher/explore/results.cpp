#include "launcher/explore/results.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <tuple>

#include "launcher/explore/failure_directory.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string words_for(const std::string& what, const std::string& path) {
  return fmt::format("cannot {} '{}': {}", what, path, std::strerror(errno));
}

std::uint64_t hash_in(const Json& json, const char* key) {
  return std::stoull(json.at(key).get<std::string>(), nullptr, 16);
}

Branch branch_in(const Json& json) {
  return {.decision = json.value("decision", std::uint64_t{0}),
          .child = json.value("child", std::uint64_t{0})};
}

std::string words_of(const Branch& branch) {
  if (branch.is_root()) return "";
  return fmt::format(",\"decision\":{},\"child\":{}", branch.decision, branch.child);
}

// pct:3:400 is pct:3 for runs of 400 decisions.
std::string without_length(const std::string& strategy) {
  const auto first = strategy.find(':');
  return first == strategy.npos ? strategy : strategy.substr(0, strategy.find(':', first + 1));
}

void fill(const Json& json, RunRecord& record) {
  record = {};
  record.seed = json.at("seed").get<std::uint64_t>();
  record.branch = branch_in(json);
  record.exit_code = json.at("exit").get<int>();
  record.schedule = hash_in(json, "schedule");
  record.outcome = hash_in(json, "outcome");
  record.events = json.at("events").get<std::uint64_t>();
  record.virtual_ns = json.at("virtual_ns").get<std::uint64_t>();
  record.wall_ns = json.at("wall_ns").get<std::uint64_t>();
  record.at_ns = json.at("at_ns").get<std::uint64_t>();
  record.strategy_length = json.value("length", std::uint64_t{0});
  record.failed = json.contains("kind");
  if (record.failed) {
    record.failure = {json.at("kind").get<std::string>(), json.at("message").get<std::string>(),
                      json.at("signature").get<std::string>()};
  }
  for (const auto& property : json.value("properties", Json::array())) {
    record.properties.push_back(
        {static_cast<PropertyKind>(property.at(0).get<int>()), property.at(1).get<std::string>(),
         property.at(2).get<std::uint64_t>(), property.at(3).get<std::uint64_t>()});
  }
  for (const auto& rule : json.value("faults", Json::array())) {
    record.rules.push_back({rule.at(0).get<std::string>(), rule.at(1).get<int>() != 0,
                            rule.at(2).get<std::uint32_t>(), rule.at(3).get<std::uint64_t>(),
                            rule.at(4).get<std::uint64_t>()});
  }
}

}  // namespace

std::string to_line(const RunRecord& record) {
  auto line = fmt::format(
      "{{\"seed\":{},\"exit\":{},\"schedule\":\"{:016x}\",\"outcome\":\"{:016x}\",\"events\":{},"
      "\"virtual_ns\":{},\"wall_ns\":{},\"at_ns\":{}",
      record.seed, record.exit_code, record.schedule, record.outcome, record.events,
      record.virtual_ns, record.wall_ns, record.at_ns);
  line += words_of(record.branch);
  if (record.strategy_length != 0) line += fmt::format(",\"length\":{}", record.strategy_length);
  if (record.failed) {
    line += fmt::format(",\"kind\":{},\"message\":{},\"signature\":{}", quoted(record.failure.kind),
                        quoted(record.failure.message), quoted(record.failure.signature));
  }
  const char* before = ",\"faults\":[";
  for (const auto& rule : record.rules) {
    line += fmt::format("{}[{},{},{},{},{}]", before, quoted(rule.name), rule.from_preset ? 1 : 0,
                        rule.per_billion, rule.opportunities, rule.strikes);
    before = ",";
  }
  if (!record.rules.empty()) line += "]";
  before = ",\"properties\":[";
  for (const auto& property : record.properties) {
    line += fmt::format("{}[{},{},{},{}]", before, static_cast<int>(property.kind),
                        quoted(property.message), property.reached, property.held);
    before = ",";
  }
  return line + (record.properties.empty() ? "}" : "]}");
}

bool parse_line(const std::string& line, RunRecord& record) {
  const auto json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return false;
  try {
    fill(json, record);
  } catch (const std::exception&) {
    return false;
  }
  return true;
}

RunOptions run_of(const ExploreOptions& options, std::uint64_t seed, std::uint64_t strategy_length,
                  const Branch& branch) {
  auto run = options.run;
  run.seed = seed;
  run.branch = branch;
  run.quiet = true;
  if (options.mixes) mix_strategy(run);
  run.strategy_length = strategy_length;
  return run;
}

void count(Exploration& done, const RunRecord& record) {
  ++done.runs;
  if (record.branch.is_root()) ++done.branching.roots;
  if (record.branch.child == 1) ++done.branching.places;
  if (!record.branch.is_root()) ++done.branching.children;
  done.schedules.add(record.schedule);
  done.outcomes.add(record.outcome);
  done.faults.add(record.rules, record.failed);
  done.properties.add(record.properties);
  auto& strategy = done.strategies[without_length(record.strategy)];
  ++strategy.runs;
  strategy.failed += record.failed ? 1 : 0;
  if (!record.failed) return;
  ++done.failed;
  auto& bucket = done.buckets[record.failure.signature];
  ++bucket.count;
  const auto lowest = std::tie(bucket.lowest_seed, bucket.lowest_branch);
  if (std::tie(record.seed, record.branch) >= lowest) return;
  bucket.lowest_seed = record.seed;
  bucket.lowest_branch = record.branch;
  bucket.lowest_length = record.strategy_length;
  if (!bucket.directory.empty()) return;
  bucket.failure = record.failure;
  bucket.seed = record.seed;
  bucket.branch = record.branch;
  bucket.strategy = record.strategy;
}

void count(Exploration& done, const KeptExample& example) {
  auto& bucket = done.buckets[example.failure.signature];
  if (example.directory.empty()) {
    if (bucket.directory.empty()) bucket.problem = example.problem;
    return;
  }
  const auto kept = std::tie(bucket.seed, bucket.branch);
  if (!bucket.directory.empty() && kept < std::tie(example.seed, example.branch)) return;
  bucket.failure = example.failure;
  bucket.seed = example.seed;
  bucket.branch = example.branch;
  bucket.strategy = example.strategy;
  bucket.directory = example.directory;
  bucket.problem.clear();
}

void judge_properties(const ExploreOptions& options, Exploration& done) {
  const bool is_whole =
      options.shard.count == 1 && !done.interrupted && !(options.until_failure && done.failed > 0);
  if (!is_whole) return;
  for (const auto& [message, total] : done.properties.by_message()) {
    if (!total.is_missing()) continue;
    const auto signature = fmt::format("{}: {}", word_of(total.kind), message);
    auto& bucket = done.buckets[signature];
    bucket.failure = {"property", words_of(message, total), signature};
    bucket.seed = options.first_seed;
    bucket.strategy = options.mixes ? "mix" : strategy_of(options.run);
  }
}

std::unique_ptr<ResultWriter> ResultWriter::create(const ExploreOptions& options, bool goes_on,
                                                   std::string& problem) {
  std::error_code error;
  fs::create_directories(options.directory, error);
  if (error) {
    problem = fmt::format("cannot make '{}': {}", options.directory, error.message());
    return nullptr;
  }
  std::unique_ptr<ResultWriter> writer(new ResultWriter);
  writer->directory_ = options.directory;
  const auto path = options.directory + "/runs.jsonl";
  const auto head = options.directory + "/exploration.json";
  if (!goes_on) {
    // The old head must not stand before new runs, nor the new one before old runs.
    fs::remove(head, error);
    fs::remove(path, error);
  }
  writer->fd_ = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (writer->fd_ < 0) {
    problem = words_for("write", path);
    return nullptr;
  }
  const struct flock whole {
    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0
  };
  if (fcntl(writer->fd_, F_SETLK, &whole) != 0 && (errno == EACCES || errno == EAGAIN)) {
    problem = fmt::format("'{}' is in use: its exploration goes on", options.directory);
    return nullptr;
  }
  // A line that was cut off by the end of a machine must not take the next one with it.
  writer->pending_ = goes_on ? "\n" : "";
  if (goes_on && fs::exists(head, error)) return writer;
  if (!write_file(head + ".new", options_text(options))) {
    problem = words_for("write", head);
    return nullptr;
  }
  fs::rename(head + ".new", head, error);
  if (!error) return writer;
  problem = fmt::format("cannot write '{}': {}", head, error.message());
  return nullptr;
}

ResultWriter::~ResultWriter() {
  if (fd_ < 0) return;
  flush();
  close(fd_);
}

void ResultWriter::add(const RunRecord& record) { pending_ += to_line(record) + "\n"; }

void ResultWriter::add(const KeptExample& example) {
  pending_ += fmt::format(
      "{{\"kept\":{},\"problem\":{},\"of_seed\":{}{},\"strategy\":{},\"kind\":{},\"message\":{},"
      "\"signature\":{}}}\n",
      quoted(fs::path(example.directory).filename().string()), quoted(example.problem),
      example.seed, words_of(example.branch), quoted(example.strategy),
      quoted(example.failure.kind), quoted(example.failure.message),
      quoted(example.failure.signature));
}

std::string ResultWriter::flush() {
  std::string problem;
  while (!pending_.empty()) {
    const auto wrote = write(fd_, pending_.data(), pending_.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      // What cannot be written now (a full disk) is lost to a resumed or merged report, not here.
      if (wrote_) problem = words_for("write", directory_ + "/runs.jsonl");
      wrote_ = false;
      pending_ = "\n";  // half a line may be there
      return problem;
    }
    pending_.erase(0, static_cast<std::size_t>(wrote));
  }
  return problem;
}

std::string ResultWriter::end(const std::string& why, std::uint64_t wall_ns) {
  pending_ += fmt::format("{{\"end\":{},\"wall_ns\":{}}}\n", quoted(why), wall_ns);
  return flush();
}

void discard_results(const std::string& directory) {
  std::error_code error;
  for (const auto* name : {"exploration.json", "runs.jsonl"}) {
    fs::remove(fs::path(directory) / name, error);
  }
  fs::remove(directory, error);
}

}  // namespace detsim
