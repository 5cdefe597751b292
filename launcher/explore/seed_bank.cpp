#include "launcher/explore/seed_bank.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "launcher/explore/run_json.hpp"
#include "launcher/follow.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kChoicesMax = 1000;  // in one line of a text file
constexpr std::uint64_t kWallLimit_ns = 60ull * 1000000000;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::shared_ptr<const Choices> choices_in(const Json& json) {
  std::string text, problem;
  for (const auto& line : json) text += line.get<std::string>() + "\n";
  Choices choices;
  if (!from_text(text, choices, problem)) throw std::invalid_argument("choices, " + problem);
  return std::make_shared<Choices>(std::move(choices));
}

Json json_of(const BankedSeed& seed) {
  Json json = {{"seed", seed.run.seed}, {"strategy", strategy_of(seed.run)}};
  put_run(json, seed.run);
  if (seed.run.choices != nullptr) json["choices"] = lines_of(to_text(*seed.run.choices));
  json["message"] = seed.message;
  json["signature"] = seed.signature;
  json["date"] = seed.date;
  if (!seed.note.empty()) json["note"] = seed.note;
  return json;
}

BankedSeed seed_of(const Json& json) {
  BankedSeed seed;
  auto& run = seed.run;
  take_run(json, run);
  run.seed = json.at("seed").get<std::uint64_t>();
  const auto strategy = parse_strategy(json.at("strategy").get<std::string>());
  if (!strategy) throw std::invalid_argument(strategy.problem);
  if (run.command.empty()) throw std::invalid_argument("the command is empty");
  run.strategy = strategy.value.index;
  run.strategy_parameter = strategy.value.parameter;
  run.strategy_length = strategy.value.length;
  if (const auto problem = read_plan(run); !problem.empty()) throw std::invalid_argument(problem);
  if (json.contains("choices")) run.choices = choices_in(json["choices"]);
  seed.message = json.value("message", "");
  seed.signature = json.at("signature").get<std::string>();
  seed.date = json.value("date", "");
  seed.note = json.value("note", "");
  return seed;
}

// The bank goes with the program to other places and machines: what was the working directory is
// the one that it is tested in, and what started empty must be there to be hidden.
void make_portable(RunOptions& run, const std::string& working_directory) {
  for (auto& directory : run.private_directories) {
    if (directory.shown == working_directory) directory.shown = ".";
  }
  const auto around = working_directory + "/";
  std::erase_if(run.left_out, [&](const auto& path) { return !path.starts_with(around); });
  for (auto& path : run.left_out) path.erase(0, around.size());
}

}  // namespace

bool read_bank(const std::string& path, std::vector<BankedSeed>& bank, std::string& problem) {
  std::ifstream in(path);
  if (!in && access(path.c_str(), F_OK) == 0) {
    problem = fmt::format("cannot read '{}'", path);
    return false;
  }
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    BankedSeed seed;
    const auto wrong = parse_bank_line(line, seed);
    if (!wrong.empty()) {
      problem = fmt::format("'{}', line {} {}", path, number, wrong);
      return false;
    }
    bank.push_back(std::move(seed));
  }
  return true;
}

std::string parse_bank_line(const std::string& line, BankedSeed& seed) {
  try {
    seed = seed_of(Json::parse(line));
  } catch (const std::exception& error) {
    return fmt::format("is no seed: {}", error.what());
  }
  return "";
}

bool write_bank(const std::string& path, const std::vector<BankedSeed>& bank) {
  std::string text;
  for (const auto& seed : bank) {
    text += json_of(seed).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  // A bank is never half written.
  const auto next = path + ".new";
  return write_file(next, text) && std::rename(next.c_str(), path.c_str()) == 0;
}

BankedSeed banked(const KeptFailure& failure, const std::string& note) {
  char date[16] = {};
  const auto now = std::time(nullptr);
  std::strftime(date, sizeof date, "%Y-%m-%d", std::gmtime(&now));
  BankedSeed seed{failure.run, failure.signature, failure.message, date, note};
  const auto reduced = failure.directory + "/reduced.txt";
  if (std::filesystem::exists(reduced)) {
    if (const auto file = parse_choices_file(reduced)) seed.run.choices = file.value.choices;
  }
  const auto& choices = seed.run.choices;
  if (choices != nullptr && choices->switches.size() + choices->wakes.size() > kChoicesMax) {
    seed.run.choices = nullptr;
  }
  seed.run.choices_path.clear();
  make_portable(seed.run, failure.working_directory);
  return seed;
}

std::string words_of(const BankedSeed& seed, std::size_t number) {
  std::string command;
  for (const auto& word : seed.run.command) command += " " + shell_quoted(word);
  return fmt::format("{:>3}  seed {}, {}, {}:{}  {}{}{}", number, seed.run.seed,
                     strategy_of(seed.run), seed.date, command, seed.message,
                     seed.note.empty() ? "" : "  # ", seed.note);
}

void fit_to_machine(RunOptions& run) {
  const auto is_hopeless = [](const PrivateDirectory& directory) {
    return directory.starts_empty && !std::filesystem::is_directory(directory.shown);
  };
  std::erase_if(run.private_directories, is_hopeless);
  if (!may_have_private_view()) run.private_directories.clear();
}

Verdict test_seed(Runner& runner, const BankedSeed& seed, std::string& words) {
  auto options = seed.run;
  options.quiet = true;
  options.wall_limit_ns = kWallLimit_ns;
  fit_to_machine(options);
  options.choices = nullptr;
  auto run = runner.run(options);
  // What passes with its seed may have come to other decisions; its choices are nearer.
  if (run.result.refused == 0 && !run.failure && seed.run.choices != nullptr) {
    options.choices = seed.run.choices;
    run = runner.run(options);
    if (run.result.refused == 0 && !run.failure && run.result.misfits > 0) {
      words = fmt::format("no longer applies: it passes, but {} of its choices do not fit",
                          run.result.misfits);
      return Verdict::no_longer_applies;
    }
  }
  if (run.result.refused != 0) {
    words = "cannot run: " + run.result.problem;
    return Verdict::cannot_run;
  }
  if (!run.failure) {
    words = "fixed";
    return Verdict::fixed;
  }
  if (run.failure->signature == seed.signature) {
    words = "still fails: " + run.failure->message;
    return Verdict::still_fails;
  }
  words = "fails differently: " + run.failure->message;
  return Verdict::fails_differently;
}

}  // namespace detsim
