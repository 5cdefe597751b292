#include "launcher/explore/per_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <memory>
#include <unordered_map>

#include "launcher/explore/progress.hpp"
#include "launcher/explore/under_way.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kLookEvery_ms = 200;
// Seeds that are worth a second worker, which starts the program once more.
constexpr std::uint64_t kSeedsToShare = 16;

// A file name, however the test is called.
std::string directory_for(const ExploreOptions& options, std::size_t number,
                          const std::string& name) {
  std::string plain;
  for (const char c : name.substr(0, 60)) {
    plain += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ? c : '_';
  }
  return fmt::format("{}/{:03}-{}", options.directory, number + 1, plain);
}

// One test, of those that go on side by side or have ended.
struct TestUnderWay {
  const TestCase& test;
  ExploreOptions options;
  UnderWay exploring{options};

  TestUnderWay(const TestCase& which, ExploreOptions how) : test(which), options(std::move(how)) {}
};

// What one test came to, as part of all.
void take(BranchTotals& all, const BranchTotals& one) {
  all.children_per_place = one.children_per_place;
  all.roots += one.roots;
  all.places += one.places;
  all.children += one.children;
  all.events += one.events;
  all.executed_events += one.executed_events;
  if (all.refused.empty()) all.refused = one.refused;
}

std::string signature_of(const std::string& test, const std::string& signature) {
  return test + ": " + signature;
}

void take(Exploration& all, const std::string& test, const Exploration& done) {
  all.runs += done.runs;
  all.failed += done.failed;
  all.interrupted |= done.interrupted;
  all.schedules.merge(done.schedules);
  all.outcomes.merge(done.outcomes);
  all.faults.merge(done.faults);
  all.properties.merge(done.properties);
  take(all.branching, done.branching);
  if (all.why_fresh.empty()) all.why_fresh = done.why_fresh;
  if (all.why_not_rewound.empty()) all.why_not_rewound = done.why_not_rewound;
  for (const auto& [name, total] : done.strategies) {
    all.strategies[name].runs += total.runs;
    all.strategies[name].failed += total.failed;
  }
  for (const auto& [signature, bucket] : done.buckets) {
    if (bucket.count == 0) continue;  // a property: it is judged over all tests
    auto& kept = all.buckets[signature_of(test, signature)] = bucket;
    kept.test = test;
    kept.failure.signature = signature_of(test, signature);
    kept.failure.message = test + ": " + bucket.failure.message;
  }
}

class TestsUnderWay {
 public:
  TestsUnderWay(const ExploreOptions& options, const std::vector<TestCase>& tests,
                const std::function<void(const TestTotal&)>& told)
      : options_(options), tests_(tests), told_(told), progress_(options.quiet) {
    const auto slots = jobs_of(options);
    for (unsigned slot = slots; slot > 0; --slot) free_.push_back(slot - 1);
    // As many one after the other as it takes to do all.
    rounds_ = (tests.size() + slots - 1) / slots;
  }

  Results explore(bool has_rows) {
    const auto began = Clock::now();
    auto& done = results_.done;
    attend();
    if (done.refused != 0) return std::move(results_);
    for (auto& each : begun_) end(*each, has_rows);
    done.wall_ns = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began).count());
    done.interrupted |= is_interrupted_;
    judge_properties(options_, done);
    results_.options = options_;
    if (has_rows) measure_coverage(results_, done.coverage);
    std::error_code error;
    std::filesystem::remove(options_.directory, error);  // if it is empty
    return std::move(results_);
  }

 private:
  void attend() {
    const StopSignals signals;
    while (give_work()) {
      std::vector<pollfd> ends;
      for (const auto& each : begun_) each->exploring.add_ends(ends);
      poll(ends.data(), ends.size(), kLookEvery_ms);
      for (auto& each : begun_) {
        if (each->exploring.has_workers()) attend(*each);
      }
      if (signals.arrived()) is_interrupted_ = true;
      for (auto& each : begun_) {
        if (is_interrupted_ && each->exploring.has_workers()) each->exploring.interrupt();
      }
      progress_.show([&] { return words(); });
    }
    progress_.show([&] { return words(); }, true);
  }

  void attend(TestUnderWay& each) {
    for (const auto slot : each.exploring.attend()) free_.push_back(slot);
    const auto& done = each.exploring.so_far();
    if (done.refused != 0) return refuse(each.test, done);
    if (options_.until_failure && done.failed > 0) stop();
    if (each.exploring.has_workers()) return;
    ++ended_;
    clear_progress();
    told_({each.test.name, done.runs, done.failed, done.wall_ns});
  }

  // Every free core does something: a test that has not begun, or else a part of one that has.
  // False: nothing is left, and all have ended.
  bool give_work() {
    while (!free_.empty()) {
      const auto slot = free_.back();
      if (!(can_begin() ? begin_next(slot) : help(slot))) break;
      free_.pop_back();
    }
    return std::any_of(begun_.begin(), begun_.end(),
                       [](const auto& each) { return each->exploring.has_workers(); });
  }

  bool can_begin() const {
    return begun_.size() < tests_.size() && !is_stopped_ && !is_interrupted_;
  }

  bool begin_next(unsigned slot) {
    const auto& test = tests_[begun_.size()];
    auto options = options_;
    options.quiet = true;
    options.directory = directory_for(options_, begun_.size(), test.name);
    if (options_.duration_ns != kNever) options.duration_ns = options_.duration_ns / rounds_;
    auto& command = options.run.command;
    command.insert(command.end(), test.arguments.begin(), test.arguments.end());
    begun_.push_back(std::make_unique<TestUnderWay>(test, std::move(options)));
    auto& exploring = begun_.back()->exploring;
    if (exploring.begin() && exploring.add_worker(slot)) return true;
    auto done = exploring.so_far();
    done.refused = kExitFailed;
    if (done.problem.empty()) done.problem = "cannot start a worker";
    refuse(test, done);
    return false;
  }

  // A worker that comes late would have the whole time for itself.
  bool help(unsigned slot) {
    if (options_.duration_ns != kNever && ended_ > 0) return false;
    TestUnderWay* most = nullptr;
    for (auto& each : begun_) {
      const auto left = each->exploring.has_workers() ? each->exploring.seeds_left() : 0;
      if (left < kSeedsToShare || is_stopped_) continue;
      if (most == nullptr || left > most->exploring.seeds_left()) most = each.get();
    }
    return most != nullptr && most->exploring.add_worker(slot);
  }

  void stop() {
    is_stopped_ = true;
    for (auto& each : begun_) each->exploring.stop();
  }

  void refuse(const TestCase& test, const Exploration& done) {
    stop();
    if (results_.done.refused != 0) return;
    results_.done.refused = done.refused;
    results_.done.problem = test.name + ": " + done.problem;
  }

  std::string words() const {
    std::uint64_t runs = 0, failed = 0, failed_tests = 0;
    for (const auto& each : begun_) {
      const auto& done = each->exploring.so_far();
      runs += done.runs;
      failed += done.failed;
      failed_tests += done.failed > 0 ? 1 : 0;
    }
    return fmt::format("{} of {} tests done, {} failed; {} runs, {} failed", ended_, tests_.size(),
                       failed_tests, runs, failed);
  }

  void end(TestUnderWay& each, bool has_rows) {
    const auto done = each.exploring.end();
    const auto& name = each.test.name;
    const auto number = results_.tests.size();
    results_.tests.push_back({.arguments = each.test.arguments, .strategy_length = 0});
    take(results_.done, name, done);
    results_.done.tests.push_back({name, done.runs, done.failed, done.wall_ns});
    if (has_rows) take_rows(each, number);
    if (done.failed == 0 && !options_.keeps_directory) discard_results(each.options.directory);
  }

  void take_rows(const TestUnderWay& each, std::size_t number) {
    auto read = read_results({each.options.directory});
    if (!read.problem.empty()) {
      results_.notes.push_back(
          fmt::format("the runs of {} are not listed: {}", each.test.name, read.problem));
      return;
    }
    results_.tests[number].strategy_length = read.strategy_length;
    const auto before = static_cast<std::int32_t>(results_.signatures.size());
    for (const auto& signature : read.signatures) {
      results_.signatures.push_back(signature_of(each.test.name, signature));
    }
    for (auto& row : read.rows) {
      row.test = static_cast<std::int32_t>(number);
      if (row.signature >= 0) row.signature += before;
      results_.rows.push_back(row);
    }
    for (const auto& words : read.notes) {
      results_.notes.push_back(each.test.name + ": " + words);
    }
  }

  const ExploreOptions& options_;
  const std::vector<TestCase>& tests_;
  const std::function<void(const TestTotal&)>& told_;
  Progress progress_;
  std::vector<unsigned> free_;  // slots of workers
  std::uint64_t rounds_ = 1, ended_ = 0;
  std::vector<std::unique_ptr<TestUnderWay>> begun_;
  bool is_stopped_ = false, is_interrupted_ = false;
  Results results_;
};

}  // namespace

Results explore_tests(const ExploreOptions& options, const std::vector<TestCase>& tests,
                      bool has_rows, const std::function<void(const TestTotal&)>& told) {
  return TestsUnderWay(options, tests, told).explore(has_rows);
}

}  // namespace detsim
