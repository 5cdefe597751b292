// What is said of an exploration to people: on a console, in a pull request, in a test report.
#include <fmt/format.h>

#include <algorithm>

#include "launcher/explore/explorer.hpp"
#include "launcher/values.hpp"
#include "launcher/xml.hpp"

namespace detsim {
namespace {

std::string percent(double part) { return fmt::format("{:.3g} %", 100 * part); }

std::string rate_words(const Bucket& bucket, std::uint64_t runs) {
  if (bucket.count == 0) return counted(runs, "run");
  const auto rate = rate_of(bucket.count, runs);
  return fmt::format("{} of {} runs, {} ({} to {})", bucket.count, runs, percent(rate.rate),
                     percent(rate.low), percent(rate.high));
}

std::string name_of_case(const Bucket& bucket) {
  return bucket.count == 0
             ? bucket.failure.signature
             : fmt::format("{}, {}", bucket.failure.kind, name_of_run(bucket.seed, bucket.branch));
}

std::string junit_failure(const Bucket& bucket, std::uint64_t runs, const std::string& program) {
  return fmt::format("<failure type=\"{}\" message=\"{}\">{}\n{}</failure>\n", bucket.failure.kind,
                     xml_escaped(bucket.failure.message), xml_escaped(rate_words(bucket, runs)),
                     xml_escaped(replay_of(bucket, program)));
}

// A case for each test, and one for each property that held in none of them.
std::string junit_text_of_tests(const std::string& name, const Exploration& done,
                                const std::string& program) {
  std::string cases;
  std::size_t count = done.tests.size(), failed = 0;
  for (const auto& test : done.tests) {
    const auto dot = test.name.find('.');
    std::string failures;
    for (const auto* bucket : most_frequent_first(done)) {
      if (bucket->test == test.name) failures += junit_failure(*bucket, test.runs, program);
    }
    failed += failures.empty() ? 0 : 1;
    cases += fmt::format("<testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">\n{}</testcase>\n",
                         xml_escaped(dot == test.name.npos ? "detsim" : test.name.substr(0, dot)),
                         xml_escaped(dot == test.name.npos ? test.name : test.name.substr(dot + 1)),
                         static_cast<double>(test.wall_ns) / 1e9, failures);
  }
  for (const auto* bucket : most_frequent_first(done)) {
    if (bucket->count != 0) continue;
    ++count, ++failed;
    cases +=
        fmt::format("<testcase classname=\"detsim\" name=\"{}\">\n{}</testcase>\n",
                    xml_escaped(name_of_case(*bucket)), junit_failure(*bucket, done.runs, program));
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "<testsuite name=\"detsim: {}\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3f}\">\n"
      "{}</testsuite>\n</testsuites>\n",
      xml_escaped(name), count, failed, static_cast<double>(done.wall_ns) / 1e9, cases);
}

}  // namespace

std::vector<const Bucket*> most_frequent_first(const Exploration& done) {
  std::vector<const Bucket*> buckets;
  for (const auto& [signature, bucket] : done.buckets) buckets.push_back(&bucket);
  std::stable_sort(buckets.begin(), buckets.end(),
                   [](const auto* a, const auto* b) { return a->count > b->count; });
  return buckets;
}

std::uint64_t runs_of(const Bucket& bucket, const Exploration& done) {
  for (const auto& test : done.tests) {
    if (test.name == bucket.test) return test.runs;
  }
  return done.runs;
}

std::string replay_of(const Bucket& bucket, const std::string& program) {
  return bucket.directory.empty()
             ? ""
             : fmt::format("{} replay {}", shell_quoted(program), shell_quoted(bucket.directory));
}

namespace {

std::size_t failed_tests(const Exploration& done) {
  return static_cast<std::size_t>(std::count_if(
      done.tests.begin(), done.tests.end(), [](const TestTotal& test) { return test.failed > 0; }));
}

std::string console_text(const BranchTotals& branching) {
  if (branching.children_per_place == 0) return "";
  auto text = fmt::format("{} of seeds, and {} from {} along them", counted(branching.roots, "run"),
                          branching.children, counted(branching.places, "place"));
  if (branching.events > 0) {
    text +=
        fmt::format("; of {} events {} were executed", branching.events, branching.executed_events);
  }
  text += "\n";
  if (branching.refused.empty()) return text;
  return text +
         fmt::format("not every run could be left at all of its places: {}\n", branching.refused);
}

}  // namespace

std::string console_text(const Exploration& done) {
  auto text = fmt::format(
      "{} in {:.1f} s, {:.0f} per second: {} failed, in {}\n"
      "{} and {}; one more run is a new schedule with chance {}\n",
      counted(done.runs, "run"), static_cast<double>(done.wall_ns) / 1e9, done.runs_per_second(),
      done.failed, counted(done.buckets.size(), "way"),
      counted(done.schedules.distinct(), "distinct schedule"),
      counted(done.outcomes.distinct(), "outcome"), percent(done.schedules.chance_of_new()));
  if (!done.why_fresh.empty()) {
    text += fmt::format("each run was started anew, without the fork server: {}\n", done.why_fresh);
  }
  if (!done.why_not_rewound.empty()) {
    text += fmt::format("each run had a process of its own in the end: {}\n", done.why_not_rewound);
  }
  text += console_text(done.branching);
  if (!done.tests.empty()) {
    text += fmt::format("{}, of which {} failed\n", counted(done.tests.size(), "test"),
                        failed_tests(done));
  }
  for (const auto* bucket : most_frequent_first(done)) {
    text += fmt::format("\n{}\n    {}\n", bucket->failure.message,
                        rate_words(*bucket, runs_of(*bucket, done)));
    if (bucket->count == 0) continue;
    text += fmt::format("    {}, strategy {}\n", name_of_run(bucket->seed, bucket->branch),
                        bucket->strategy);
    if (!bucket->directory.empty()) {
      text += fmt::format("    repeat: detsim replay {0}\n    reduce: detsim bisect {0}\n",
                          shell_quoted(bucket->directory));
    } else if (!bucket->problem.empty()) {
      text += fmt::format("    not kept: {}\n", bucket->problem);
    }
  }
  text += console_text(done.faults);
  if (done.interrupted) text += "\ninterrupted: this is what was done until then\n";
  return text;
}

std::string junit_text(const ExploreOptions& options, const Exploration& done,
                       const std::string& program) {
  std::string name;
  for (const auto& word : options.run.command) name += (name.empty() ? "" : " ") + word;
  if (!done.tests.empty()) return junit_text_of_tests(name, done, program);
  const auto cases = std::max<std::size_t>(done.buckets.size(), 1);
  auto text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "<testsuite name=\"detsim: {}\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3f}\">\n",
      xml_escaped(name), cases, done.buckets.size(), static_cast<double>(done.wall_ns) / 1e9);
  if (done.buckets.empty()) {
    text += fmt::format("<testcase classname=\"detsim\" name=\"{} runs\"/>\n", done.runs);
  }
  for (const auto* bucket : most_frequent_first(done)) {
    text +=
        fmt::format("<testcase classname=\"detsim\" name=\"{}\">\n{}</testcase>\n",
                    xml_escaped(name_of_case(*bucket)), junit_failure(*bucket, done.runs, program));
  }
  return text + "</testsuite>\n</testsuites>\n";
}

namespace {

// As --seed and --branch-at take them.
std::string words_of_seed(const Bucket& bucket) {
  const auto seed = std::to_string(bucket.seed);
  return bucket.branch.is_root() ? seed : seed + " at " + branch_text(bucket.branch);
}

}  // namespace

std::string markdown_text(const Exploration& done, const std::string& program) {
  auto text = fmt::format("**detsim**: {} runs, {} failed, {} distinct schedules\n", done.runs,
                          done.failed, done.schedules.distinct());
  if (!done.tests.empty()) {
    text +=
        fmt::format("\n{}, {} failed\n", counted(done.tests.size(), "test"), failed_tests(done));
  }
  if (done.buckets.empty()) return text + markdown_text(done.faults);
  text += "\n| failure | runs | seed | repeat |\n|---|---|---|---|\n";
  for (const auto* bucket : most_frequent_first(done)) {
    auto message = bucket->failure.message;
    std::replace(message.begin(), message.end(), '|', '/');
    text += fmt::format("| {} | {} | {} | `{}` |\n", message,
                        rate_words(*bucket, runs_of(*bucket, done)), words_of_seed(*bucket),
                        replay_of(*bucket, program));
  }
  return text + markdown_text(done.faults);
}

}  // namespace detsim
