#include "launcher/explore/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "launcher/explore/page/parts.inc"  // kPageHtml, kPageCss, kPageJs
#include "launcher/explore/schedule_drawing.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

using Json = nlohmann::ordered_json;

// More are a page that no browser opens in two seconds: then all that failed, and of the others
// some, evenly spread.
constexpr std::size_t kRowsMax = 150'000;
constexpr std::size_t kExamplesMax = 24;     // with their schedule and output
constexpr std::size_t kTextMax = 64 * 1024;  // of an output: its end

std::string end_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return "";
  const auto size = static_cast<std::size_t>(in.tellg());
  const auto begin = size > kTextMax ? size - kTextMax : 0;
  in.seekg(static_cast<std::streamoff>(begin));
  std::string text(size - begin, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  return (begin == 0 ? "" : "[...]\n") + text;
}

Json kept_of(const Bucket& bucket) {
  Json json = Json::object();
  if (bucket.directory.empty()) return json;
  json["report"] = end_of(bucket.directory + "/report.txt");
  json["stdout"] = end_of(bucket.directory + "/stdout");
  json["stderr"] = end_of(bucket.directory + "/stderr");
  auto timeline = schedule_drawing(bucket.directory + "/trace");
  if (!timeline.is_null()) json["timeline"] = std::move(timeline);
  return json;
}

// Those that are shown.
std::vector<const RunRow*> chosen(const std::vector<RunRow>& rows) {
  std::vector<const RunRow*> some;
  const auto failed = static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [](const RunRow& row) { return row.signature >= 0; }));
  const auto every = rows.size() <= kRowsMax ? 1 : rows.size() / (kRowsMax / 2) + 1;
  const auto every_failed = failed <= kRowsMax / 2 ? 1 : failed / (kRowsMax / 2) + 1;
  std::size_t passed_seen = 0, failed_seen = 0;
  for (const auto& row : rows) {
    const bool is_shown =
        row.signature >= 0 ? failed_seen++ % every_failed == 0 : passed_seen++ % every == 0;
    if (is_shown) some.push_back(&row);
  }
  return some;
}

// A column per property: a hundred thousand objects would be ten times as long.
Json columns_of(const Results& results, std::vector<std::string>& notes) {
  const auto rows = chosen(results.rows);
  if (rows.size() != results.rows.size()) {
    notes.push_back(fmt::format("the list of runs below shows {} of {}, failures first",
                                rows.size(), results.rows.size()));
  }
  std::unordered_map<std::string, int> place;
  const auto buckets = most_frequent_first(results.done);
  for (const auto* bucket : buckets) {
    place.try_emplace(bucket->failure.signature, static_cast<int>(place.size()));
  }
  Json json = {{"strategies", Json::array()}};
  for (const auto* name :
       {"seed", "bucket", "strategy", "events", "virtual_ns", "strikes", "wall_ns"}) {
    json[name] = Json::array();
  }
  std::unordered_map<std::string, std::size_t> strategies;
  for (const auto* row : rows) {
    const auto told = row->test < 0
                          ? results.strategy_length
                          : results.tests[static_cast<std::size_t>(row->test)].strategy_length;
    const auto length = row->seed == results.options.first_seed ? 0 : told;
    const auto [strategy, is_new] = strategies.try_emplace(
        strategy_of(run_of(results.options, row->seed, length)), strategies.size());
    if (is_new) json["strategies"].push_back(strategy->first);
    json["strategy"].push_back(strategy->second);
    json["seed"].push_back(row->seed - results.options.first_seed);
    json["bucket"].push_back(
        row->signature < 0
            ? -1
            : place.at(results.signatures[static_cast<std::size_t>(row->signature)]));
    if (results.options.branch != 0) {
      json["branch"].push_back(row->branch.is_root() ? "" : branch_text(row->branch));
    }
    if (row->test >= 0) json["test"].push_back(row->test);
    json["events"].push_back(row->events);
    json["virtual_ns"].push_back(row->virtual_ns);
    json["strikes"].push_back(row->strikes);
    json["wall_ns"].push_back(row->wall_ns);
  }
  if (results.done.faults.empty()) json.erase("strikes");
  return json;
}

// What comes behind the seed and the strategy in the command that does a run again.
std::string rest_of_command(RunOptions run, const std::string& program) {
  run.seed = 0;
  run.strategy = 0;
  run.strategy_parameter = strategies()[0].parameter_default;
  return command_line_of(run, program)
      .substr(fmt::format("{} run --seed 0", shell_quoted(program)).size());
}

// What comes behind the program's own arguments to do one test.
Json arguments_of(const Results& results) {
  auto json = Json::array();
  for (const auto& test : results.tests) {
    std::string words;
    for (const auto& word : test.arguments) words += " " + shell_quoted(word);
    json.push_back(words);
  }
  return json;
}

Json data_of(const Results& results, const std::string& program) {
  const auto& options = results.options;
  Json json;
  json["report"] = json_of(options, results.done, program);
  json["program"] = shell_quoted(program);
  std::string explored;
  for (const auto& word : options.run.command) {
    explored += (explored.empty() ? "" : " ") + shell_quoted(word);
  }
  json["explored"] = explored;
  json["rest"] = rest_of_command(options.run, program);
  json["test_arguments"] = arguments_of(results);
  json["faults_plan"] = options.run.faults_text.empty() ? "" : "faults: " + options.run.faults_text;
  const auto rate = rate_of(results.done.failed, results.done.runs);
  json["failed_rate"] = {{"rate", rate.rate}, {"low", rate.low}, {"high", rate.high}};
  auto notes = results.notes;
  if (results.done.interrupted) notes.insert(notes.begin(), "interrupted: this is what was done");
  json["runs"] = columns_of(results, notes);
  json["notes"] = notes;
  auto& kept = json["kept"] = Json::array();
  for (const auto* bucket : most_frequent_first(results.done)) {
    if (kept.size() == kExamplesMax) break;
    kept.push_back(kept_of(*bucket));
  }
  return json;
}

void put(std::string& text, const std::string& mark, const std::string& with) {
  text.replace(text.find(mark), mark.size(), with);
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

}  // namespace

std::string page_text(const Results& results, const std::string& program) {
  auto data = data_of(results, program).dump(-1, ' ', false, Json::error_handler_t::replace);
  // Nothing in it may end the element that it stands in.
  for (auto at = data.find('<'); at != data.npos; at = data.find('<', at)) {
    data.replace(at, 1, "\\u003c");
  }
  const auto words = console_text(results.done);
  std::string page = kPageHtml;
  // The data last, and each only once: they may hold what looks like a mark.
  put(page, "@TITLE@", "detsim");
  put(page, "@CSS@", kPageCss);
  put(page, "@SUMMARY@", escaped(words));
  put(page, "@JS@", kPageJs);
  put(page, "@DATA@", data);
  return page;
}

}  // namespace detsim
