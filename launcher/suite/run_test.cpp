#include "launcher/suite/run_test.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "launcher/descriptors.hpp"
#include "launcher/explore/explorer.hpp"
#include "launcher/explore/failure_directory.hpp"
#include "launcher/fault_texts.hpp"
#include "launcher/private_view.hpp"
#include "launcher/suite/input.hpp"

namespace detsim::suite {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class TestRunner {
 public:
  TestRunner(const Suite& suite, const Test& test, const RunSuite& options)
      : suite_(suite),
        test_(test),
        options_(options),
        directory_(options.directory + "/" + test.name),
        work_(directory_ + "/work"),
        beside_(directory_ + "/oracle-work"),
        began_(Clock::now()) {
    result_.name = test.name;
  }
  ~TestRunner() {
    if (input_ >= 0) close(input_);
  }
  TestRunner(const TestRunner&) = delete;
  TestRunner& operator=(const TestRunner&) = delete;

  TestResult run() {
    const auto home = fs::current_path();
    std::error_code error;
    fs::remove_all(directory_, error);
    result_.refused = runner_.problem();
    const auto first = test_.has_seeds ? test_.seeds.first : 1;
    for (auto seed = first; goes_on(seed, first); ++seed) {
      for (const auto& plan : test_.faults) {
        if (goes_on(seed, first)) run_seed(seed, first, plan);
      }
    }
    BrokenList at_the_end;
    if (result_.runs != 0) totals_.finish(test_, at_the_end);
    for (const auto& broken : at_the_end) result_.broken.emplace_back().first = broken;
    fs::remove_all(beside_, error);
    if (result_.broken.empty()) {
      fs::remove_all(directory_, error);
    } else {
      begin(work_);  // what is kept is repeated there
    }
    fs::current_path(home, error);
    result_.wall_ns = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_).count());
    return std::move(result_);
  }

 private:
  bool goes_on(std::uint64_t seed, std::uint64_t first) const {
    if (!result_.refused.empty() || result_.interrupted) return false;
    if (test_.has_seeds && !options_.profile.soaks) return seed <= test_.seeds.last;
    if (options_.profile.runs != 0) return seed - first < options_.profile.runs;
    const auto gone = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_);
    return result_.runs == 0 ||
           static_cast<std::uint64_t>(gone.count()) < options_.profile.duration_ns;
  }

  bool refuse(const std::string& problem) {
    result_.refused = problem;
    return false;
  }

  // A directory with nothing but the test's files.
  bool begin(const std::string& directory) {
    std::error_code error;
    fs::remove_all(directory, error);
    fs::create_directories(directory, error);
    for (const auto& file : test_.files) {
      if (error) break;
      const auto from = path_in(suite_, file);
      fs::copy(from, fs::path(directory) / fs::path(from).filename(),
               fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
      if (error) return refuse(fmt::format("cannot copy '{}': {}", from, error.message()));
    }
    fs::current_path(directory, error);
    return !error || refuse(fmt::format("cannot use '{}': {}", directory, error.message()));
  }

  RunOptions options_for(const std::vector<std::string>& command, std::uint64_t seed) const {
    auto run = test_.run;
    run.command = command;
    if (command[0].find('/') != std::string::npos) run.command[0] = path_in(suite_, command[0]);
    run.seed = seed;
    if (input_ >= 0) run.standard_input = input_;
    return run;
  }

  void put_disk(RunOptions& run) const {
    const auto& disk = test_.disk;
    for (const auto& path : disk.paths) add_disk(run, path);
    if (!disk.profile.empty()) set_profile(run, disk.profile);
    run.then = disk.then;
    run.crashes = disk.crashes;
  }

  void choose_strategy(RunOptions& run, std::uint64_t place) const {
    if (test_.strategies.empty()) return mix_strategy(run);
    const auto& strategy = test_.strategies[place % test_.strategies.size()];
    run.strategy = strategy.index;
    run.strategy_parameter = strategy.parameter;
    run.strategy_length = strategy.length;
  }

  bool write_input(std::uint64_t seed) {
    if (test_.input.kind == InputKind::empty) return true;
    std::string text, problem;
    if (!make_input(suite_, test_.input, seed, text, problem)) return refuse(problem);
    if (input_ < 0) input_ = memfd_create("detsim-input", MFD_CLOEXEC);
    const bool written = input_ >= 0 && ftruncate(input_, 0) == 0 &&
                         lseek(input_, 0, SEEK_SET) == 0 &&
                         write_all(input_, text.data(), text.size());
    return written || refuse(fmt::format("cannot make the input: {}", std::strerror(errno)));
  }

  // False: it was not even started, or ended from outside.
  bool run_one(const RunOptions& run, KeptRun& kept) {
    kept = runner_.run(run);
    if (kept.result.refused != 0) return refuse(kept.result.problem);
    result_.interrupted = kept.result.outside_signal != 0;
    return !result_.interrupted;
  }

  void run_seed(std::uint64_t seed, std::uint64_t first, const std::string& plan) {
    if (!begin(work_) || !write_input(seed)) return;
    auto run = options_for(test_.command, seed);
    choose_strategy(run, seed - first);
    put_disk(run);
    const auto wrong = add_faults(run, plan);
    if (!wrong.empty()) {
      refuse(wrong);
      return;
    }
    KeptRun kept;
    BrokenList broken;
    if (options_.watch != nullptr) options_.watch->start(work_);
    const bool ran = run_one(run, kept);
    if (options_.watch != nullptr) {
      const auto words = growth_words(options_.watch->finish(), test_.growth);
      if (!words.empty()) broken.push_back({"growth", words});
    }
    if (!ran) return;
    ++result_.runs;
    check_run(test_, kept, broken);
    if (!recover(seed, broken)) return;
    check_files(suite_, test_, work_, broken);
    check_checker(suite_, test_, kept, seed, broken);
    if (!ask_oracle(seed, kept, broken)) return;
    totals_.take(test_, kept, plan, broken);
    if (broken.empty()) return;
    ++result_.failed;
    for (const auto& each : broken) note(each, run, kept, plan);
  }

  bool recover(std::uint64_t seed, BrokenList& broken) {
    for (const auto& command : test_.recovery) {
      auto run = options_for(command, seed);
      run.standard_input = 0;
      KeptRun kept;
      if (!run_one(run, kept)) return false;
      if (!kept.failure) continue;
      broken.push_back({"recovery", fmt::format("{}: {}", command[0], kept.failure->message)});
      return true;
    }
    return true;
  }

  bool ask_oracle(std::uint64_t seed, const KeptRun& kept, BrokenList& broken) {
    if (test_.oracle.command.empty()) return true;
    KeptRun other;
    if (!begin(beside_) || !run_one(options_for(test_.oracle.command, seed), other)) return false;
    check_oracle(test_.oracle, kept, work_, other, beside_, broken);
    return true;
  }

  // It is repeated in a copy of the directory that it began in, so that this is as it was for
  // every repetition; in the directory itself if that shows in the run.
  std::string keep(RunOptions run, const KeptRun& failed, const std::string& directory) {
    if (!begin(work_)) return "";  // which was said
    if (may_have_private_view()) {
      auto own = run;
      own.private_directories.push_back(
          {.shown = fs::current_path().string(), .copy = "", .starts_empty = false});
      if (keep_failure(runner_, own, failed, directory).empty()) return "";
      if (!begin(work_)) return "";
    }
    return keep_failure(runner_, run, failed, directory);
  }

  // The first run that breaks a property is kept.
  void note(const Broken& broken, const RunOptions& run, const KeptRun& kept,
            const std::string& plan) {
    for (auto& known : result_.broken) {
      if (known.first.property != broken.property) continue;
      ++known.count;
      return;
    }
    BrokenProperty first{.first = broken,
                         .count = 1,
                         .seed = run.seed,
                         .strategy = strategy_of(run),
                         .faults = plan,
                         .directory = directory_ + "/" + broken.property,
                         .problem = ""};
    auto failed = kept;
    if (!failed.failure) {
      failed.failure = Failure{.kind = "suite",
                               .message = broken.words,
                               .signature = broken.property + ": " + normalised(broken.words)};
    }
    first.problem = keep(run, failed, first.directory);
    if (!first.problem.empty()) first.directory.clear();
    result_.broken.push_back(first);
  }

  const Suite& suite_;
  const Test& test_;
  const RunSuite& options_;
  const std::string directory_, work_, beside_;
  const Clock::time_point began_;
  Runner runner_;
  int input_ = -1;  // a file in memory; -1: nothing
  Totals totals_;
  TestResult result_;
};

}  // namespace

TestResult run_test(const Suite& suite, const Test& test, const RunSuite& options) {
  return TestRunner(suite, test, options).run();
}

}  // namespace detsim::suite
