#include "launcher/explore/seeds_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "launcher/explore/seed_bank.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kWallLimit_ns = 60ull * 1000000000;

std::string parse_plain(const std::string& text, SeedLine& line) {
  std::istringstream words(text);
  std::string range, strategy, rest;
  words >> range >> strategy >> rest;
  const auto parsed = parse_range(range);
  if (!parsed) return parsed.problem;
  line.first = parsed.value.first;
  line.last = parsed.value.last;
  if (!rest.empty()) return fmt::format("'{}' is one word too many", rest);
  if (strategy.empty()) return "";
  const auto choice = parse_strategy(strategy);
  line.has_strategy = true;
  line.run.strategy = choice.value.index;
  line.run.strategy_parameter = choice.value.parameter;
  line.run.strategy_length = choice.value.length;
  return choice.problem;
}

std::string parse_banked(const std::string& text, SeedLine& line) {
  BankedSeed seed;
  const auto problem = parse_bank_line(text, seed);
  line.run = seed.run;
  line.first = line.last = seed.run.seed;
  line.has_strategy = line.is_banked = true;
  return problem;
}

RunOptions options_for(const RunOptions& given, const SeedLine& line, std::uint64_t seed) {
  auto options = line.is_banked ? line.run : given;
  fit_to_machine(options);
  options.command = given.command;
  options.seed = seed;
  options.quiet = true;
  options.choices = nullptr;
  options.choices_path.clear();
  options.wall_limit_ns = given.wall_limit_ns == kNever ? kWallLimit_ns : given.wall_limit_ns;
  if (line.has_strategy) {
    options.strategy = line.run.strategy;
    options.strategy_parameter = line.run.strategy_parameter;
    options.strategy_length = line.run.strategy_length;
  }
  return options;
}

void show_failure(const RunOptions& options, const KeptRun& run, const std::string& program,
                  bool quiet) {
  std::fwrite(run.output.data(), 1, run.output.size(), stdout);
  std::fflush(stdout);
  std::fwrite(run.error.data(), 1, run.error.size(), stderr);
  std::fwrite(run.words.data(), 1, run.words.size(), stderr);
  if (quiet) return;
  say(fmt::format("seed {}: {}", options.seed, run.failure->message));
  say("reproduce with: " + command_line_of(options, program));
}

}  // namespace

bool read_seeds_file(const std::string& path, std::vector<SeedLine>& seeds, std::string& problem) {
  std::ifstream in(path);
  if (!in) {
    problem = fmt::format("cannot read '{}': {}", path, std::strerror(errno));
    return false;
  }
  std::string text;
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    const auto is_bank_line = text.starts_with('{');
    if (!is_bank_line) text = text.substr(0, text.find('#'));
    if (text.find_first_not_of(" \t\r") == text.npos) continue;
    SeedLine line;
    const auto wrong = is_bank_line ? parse_banked(text, line) : parse_plain(text, line);
    if (!wrong.empty()) {
      problem = fmt::format("'{}', line {}: {}", path, number, wrong);
      return false;
    }
    seeds.push_back(line);
  }
  if (seeds.empty()) problem = fmt::format("'{}' has no seeds", path);
  return !seeds.empty();
}

int judge_by_seeds(const RunOptions& options, const std::vector<SeedLine>& seeds,
                   const std::string& program) {
  Runner runner;
  if (!runner.problem().empty()) {
    say(runner.problem());
    return kExitFailed;
  }
  std::uint64_t passed = 0;
  for (const auto& line : seeds) {
    // The last may be the greatest number there is.
    for (auto seed = line.first;; ++seed) {
      const auto one = options_for(options, line, seed);
      const auto run = runner.run(one);
      if (run.result.refused != 0) {
        say(run.result.problem);
        return kExitFailed;
      }
      if (run.result.outside_signal != 0) return 128 + run.result.outside_signal;
      if (run.failure) {
        show_failure(one, run, program, options.quiet);
        return run.failure->kind == "detsim" ? kExitFailed : 1;
      }
      ++passed;
      if (seed == line.last) break;
    }
  }
  if (!options.quiet) say(fmt::format("{} {}", passed, passed == 1 ? "seed passes" : "seeds pass"));
  return 0;
}

}  // namespace detsim
