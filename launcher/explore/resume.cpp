#include "launcher/explore/resume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "launcher/explore/results.hpp"
#include "launcher/explore/run_json.hpp"
#include "launcher/whole_file.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Those of a run's own directories that were asked for stand in front of those that every run has.
bool begins_with(const Json& all, const Json& some) {
  return all.is_array() && some.size() <= all.size() &&
         std::equal(some.begin(), some.end(), all.begin());
}

// The first thing that was asked for and is not what it was.
std::string contradiction(const Json& was, const Json& asked, const Json& plain) {
  for (const auto& [key, value] : asked.items()) {
    // How long, whether failures end it, and where: that may be another, or has words of its own.
    static const std::vector<std::string> kOthers = {"duration_ns", "until_failure", "files",
                                                     "working_directory", "left_out"};
    if (std::find(kOthers.begin(), kOthers.end(), key) != kOthers.end()) continue;
    if (plain.contains(key) && plain.at(key) == value) continue;
    const auto then = was.contains(key) ? was.at(key) : Json();
    if (then == value || (key == "private_directories" && begins_with(then, value))) continue;
    return fmt::format("'{}' was {}, and not {}: another exploration wants another directory", key,
                       then.dump(), value.dump());
  }
  return "";
}

// What is not as it was although nobody asked for it.
std::string change(const Json& was, const Json& now) {
  if (was.at("detsim") != now.at("detsim")) {
    return fmt::format("was begun by detsim {}, and this is {}", was.at("detsim").dump(),
                       now.at("detsim").dump());
  }
  if (was.at("working_directory") != now.at("working_directory")) {
    return fmt::format("was begun in {}: go on there", was.at("working_directory").dump());
  }
  const auto &then = was.at("files"), &files = now.at("files");
  if (then == files) return "";
  for (const auto& file : then) {
    if (std::find(files.begin(), files.end(), file) != files.end()) continue;
    return fmt::format("was begun with another {}: its runs are not those of this one",
                       file.at("path").dump());
  }
  return "was begun with other libraries: its runs are not those of this one";
}

}  // namespace

std::string resume(const std::string& directory, const ExploreOptions& defaults,
                   ExploreOptions& options) {
  const auto text = whole_file(directory + "/exploration.json").value_or("");
  if (text.empty()) {
    return fmt::format("'{}' holds no exploration to go on with: it has no exploration.json",
                       directory);
  }
  ExploreOptions begun;
  auto problem = parse_options(text, begun);
  if (!problem.empty()) return fmt::format("'{}/exploration.json' {}", directory, problem);
  const auto was = Json::parse(text);
  problem =
      contradiction(was, Json::parse(options_text(options)), Json::parse(options_text(defaults)));
  if (!problem.empty()) return fmt::format("'{}': {}", directory, problem);
  if (problem = read_plan(begun.run); !problem.empty()) {
    return fmt::format("the fault plan of '{}' cannot be read: {}", directory, problem);
  }
  try {
    problem = change(was, Json::parse(options_text(begun)));
  } catch (const Json::exception& error) {
    problem = fmt::format("is damaged: {}", error.what());
  }
  if (!problem.empty()) return fmt::format("'{}' {}", directory, problem);

  begun.jobs = options.jobs;
  begun.quiet = begun.run.quiet = options.quiet;
  begun.directory = directory;
  if (options.duration_ns != defaults.duration_ns) begun.duration_ns = options.duration_ns;
  if (options.until_failure) begun.until_failure = true;
  auto results = read_results({directory});
  if (!results.problem.empty()) return results.problem;
  results.done.interrupted = false;
  results.done.coverage.clear();
  std::erase_if(results.done.buckets, [](const auto& entry) { return entry.second.count == 0; });
  begun.earlier = std::make_shared<const Results>(std::move(results));
  options = std::move(begun);
  return "";
}

bool is_done(const ExploreOptions& options, std::uint64_t seed) {
  if (options.earlier == nullptr) return false;
  const auto& rows = options.earlier->rows;
  const auto at =
      std::lower_bound(rows.begin(), rows.end(), seed,
                       [](const RunRow& row, auto wanted) { return row.seed < wanted; });
  return at != rows.end() && at->seed == seed;
}

}  // namespace detsim
