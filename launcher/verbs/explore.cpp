// `detsim explore`: many seeds, side by side; what fails is kept.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "launcher/command_line.hpp"
#include "launcher/explore/explorer.hpp"
#include "launcher/explore/failure_directory.hpp"
#include "launcher/explore/own_files.hpp"
#include "launcher/explore/per_test.hpp"
#include "launcher/explore/report_files.hpp"
#include "launcher/explore/resume.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kRunsDefault = 1000;
constexpr std::uint64_t kLimitDefault_ns = 60ull * 1000000000;
constexpr Limits kLimitsDefault = {
    .output_bytes = 64u << 20, .file_bytes = 1u << 30, .processes = 1000, .disk_bytes = 512u << 20};

struct Given {
  RunOptionsGiven run;
  ReportFiles files;
  bool keep_going = false, per_test = false;
  std::string branch;  // as it was written
  std::string resume;  // the directory
};

void add_options(CLI::App& app, ExploreOptions& options, Given& given) {
  add_value(
      app, "--seeds", "A..B", parse_range,
      [&](SeedRange range) {
        options.first_seed = range.first;
        options.runs = range.last - range.first + 1;
      },
      "The seeds to run, both included");
  add_value(
      app, "--runs,-n", "NUMBER",
      [](const std::string& text) { return parse_number(text, 1, ~0ull - 1); },
      [&](std::uint64_t runs) { options.runs = runs; },
      fmt::format("How many seeds, from 1 on. Default: {}", kRunsDefault));
  add_value(
      app, "--time", "DURATION", parse_duration,
      [&](std::uint64_t ns) { options.duration_ns = ns; }, "Begin no run after this long");
  add_value(
      app, "--jobs,-j", "NUMBER",
      [](const std::string& text) { return parse_number(text, 1, 1024); },
      [&](std::uint64_t jobs) { options.jobs = static_cast<unsigned>(jobs); },
      "Runs side by side. Default: one per core");
  add_value(
      app, "--shard", "I/N", parse_shard, [&](const Shard& shard) { options.shard = shard; },
      "Only every Nth seed, from the Ith on; auto/N takes I from the job's environment");
  app.add_flag("--shared-files", options.shares_files,
               "Runs share the working directory, /tmp and /dev/shm, instead of having their own");
  add_value(
      app, "--disk-limit", "BYTES", parse_bytes,
      [&](std::uint64_t bytes) { options.run.limits.disk_bytes = bytes; },
      "What a run's own directories may hold together. Default: 512M");
  app.add_flag("--until-failure", options.until_failure, "Stop at the first failure");
  app.add_flag("--keep-going", given.keep_going, "Go on after failures, which is the default");
  app.add_flag("--per-test", given.per_test,
               "Explore each test of a GoogleTest, Catch2 or doctest program by itself");
  app.add_flag_callback(
      "--no-fork-server", [&options] { options.fork_server = false; },
      "Start the program anew for each run");
  app.add_flag_callback(
      "--no-rewinding", [&options] { options.rewinds = false; },
      "Do each run in a copy of its own, instead of putting one back");
  app.add_flag(
         fmt::format("--branch{{{}}}", kBranchChildrenDefault), given.branch,
         fmt::format("From up to {} places along the run of each seed, go on in so many other ways "
                     "each, in copies of the program: --branch=10",
                     kBranchPlacesMax))
      ->envname(variable_of("--branch"));
  app.add_option("--dir", options.directory, "Where failures are kept. Default: detsim-failures")
      ->type_name("DIR");
  app.add_option("--resume", given.resume,
                 "Go on with the exploration that left this directory; its options and its program "
                 "need not be given again")
      ->type_name("DIR");
  add_report_options(app, given.files);
}

// The shard that was asked for, or that a job's environment tells; and its own directory.
std::string settle_shard(ExploreOptions& options, bool is_given) {
  auto& shard = options.shard;
  if (shard.index == 0 || (!is_given && shard == Shard{})) {
    const auto found = find_shard(shard.index == 0 ? shard.count : 0, getenv);
    if (!found) return "--shard auto: " + found.problem;
    shard = found.value;
  }
  if (shard == Shard{}) return "";
  options.directory += fmt::format("/shard-{}-of-{}", shard.index, shard.count);
  if (!options.quiet) {
    say(fmt::format("shard {} of {}{}, in {}", shard.index, shard.count,
                    shard.source.empty() ? "" : ", as " + shard.source + " says",
                    options.directory));
  }
  return "";
}

// What is reported is made of the result directory, as a merged report is; where that could not be
// written, of what is known here.
bool report(const ExploreOptions& options, const Exploration& done, const Given& given,
            const std::string& program) {
  if (!given.files.any()) return true;
  auto results = read_results({options.directory});
  if (!results.problem.empty() || results.done.runs < done.runs) {
    say("the result directory is not whole: the reports have no list of runs");
    results = {};
  }
  auto coverage = std::move(results.done.coverage);
  results.options = options;
  results.done = done;
  results.done.coverage = std::move(coverage);
  return write_reports(given.files, results, program);
}

std::string settle_branches(ExploreOptions& options, const CLI::App& app, const Given& given) {
  if (!options.run.branch.is_root()) return "--branch-at is for a single run";
  if (app.count("--branch") == 0) return "";
  if (!options.fork_server) return "--branch and --no-fork-server exclude each other";
  const auto children = parse_number(given.branch, 1, kBranchChildrenMax);
  options.branch = children.value;
  return children ? "" : "--branch: " + children.problem;
}

// What is left to do, and where. Empty: done.
std::string settle(ExploreOptions& options, const ExploreOptions& defaults, const CLI::App& app,
                   const Given& given) {
  options.mixes = app.count("--strategy") == 0;
  options.quiet = options.run.quiet;
  if (auto problem = settle_branches(options, app, given); !problem.empty()) return problem;
  if (given.run.seed) options.first_seed = options.run.seed;
  if (options.until_failure && given.keep_going) {
    return "--until-failure and --keep-going exclude each other";
  }
  const auto& files = given.files;
  const std::vector<std::string> reports = {files.json, files.junit, files.markdown, files.html};
  if (!given.resume.empty()) {
    if (app.count("--dir") > 0) return "--resume says where failures are kept, --dir is too much";
    auto problem = resume(given.resume, defaults, options);
    if (given.keep_going) options.until_failure = false;
    for (const auto& path : reports) {
      if (access(path.c_str(), F_OK) != 0) leave_out(options.run, path);  // else runs have seen it
    }
    return problem;
  }
  leave_out(options.run, options.directory);
  leave_out_own_files(options.run, reports);
  if (options.runs == ~0ull && options.duration_ns == kNever) options.runs = kRunsDefault;
  if (auto problem = settle_shard(options, app.count("--shard") > 0); !problem.empty()) {
    return problem;
  }
  options.keeps_directory = app.count("--dir") > 0 || options.shard.count > 1;
  if (options.shares_files) return "";
  if (std::filesystem::weakly_canonical(options.directory) == std::filesystem::current_path()) {
    return "--dir: each run has a copy of the working directory, so failures want another one";
  }
  const auto words = make_private(options.run);
  if (!words.empty() && !options.quiet) say(words);
  return "";
}

void tell(const TestTotal& test) {
  if (test.failed == 0) {
    fmt::print("{}{}: {}\n", test.runs == 0 ? "        " : "ok      ", test.name,
               counted(test.runs, "run"));
  } else {
    fmt::print("FAILED  {}: {} of {} runs\n", test.name, test.failed, test.runs);
  }
  std::fflush(stdout);
}

// Empty: results are what came of it.
std::string explore_each(const ExploreOptions& options, const Given& given, Results& results) {
  if (!given.resume.empty() || options.shard != Shard{}) {
    return "--per-test does not go with --resume and --shard";
  }
  const auto list = list_tests(options.run);
  if (!list.problem.empty()) return list.problem;
  const auto told = [&](const TestTotal& test) {
    if (!options.quiet) tell(test);
  };
  results = explore_tests(options, list.tests, given.files.any(), told);
  return "";
}

// What is left of a run of this verb when the exploration is done.
int finish(const ExploreOptions& options, const Exploration& done, const Given& given,
           const std::function<bool()>& report) {
  if (!options.quiet) fmt::print("{}{}", given.per_test ? "\n" : "", console_text(done));
  const bool is_reported = report();
  if (done.buckets.empty() && !done.interrupted && !options.keeps_directory) {
    discard_results(options.directory);
  }
  return !is_reported ? kExitFailed : done.buckets.empty() ? 0 : 1;
}

int explore_tests(const ExploreOptions& options, const Given& given, const std::string& program) {
  Results results;
  if (const auto problem = explore_each(options, given, results); !problem.empty()) {
    say(problem);
    return kExitFailed;
  }
  if (results.done.refused != 0) {
    say(results.done.problem);
    return results.done.refused;
  }
  return finish(options, results.done, given,
                [&] { return write_reports(given.files, results, program); });
}

int explore_whole(const ExploreOptions& options, const Given& given, const std::string& program) {
  const auto done = explore(options);
  if (done.refused != 0) {
    say(done.problem);
    return done.refused;
  }
  const auto code =
      finish(options, done, given, [&] { return report(options, done, given, program); });
  if (done.interrupted && !options.quiet) {
    say(fmt::format("go on with: {} explore --resume {}", shell_quoted(program),
                    shell_quoted(options.directory)));
  }
  return code;
}

}  // namespace

int verb_explore(const Invocation& invocation) {
  ExploreOptions options;
  options.run.wall_limit_ns = kLimitDefault_ns;
  options.run.limits = kLimitsDefault;
  options.first_seed = 1;
  Given given;
  CLI::App app("Runs a program under many seeds, and keeps what fails.",
               invocation.program + " explore");
  add_run_options(app, options.run, given.run);
  add_options(app, options, given);
  const auto defaults = options;
  app.footer(
      "Without --strategy, each seed has one of random, pct:2, pct:3, pos and surw.\n"
      "A run fails that ends with another status than 0, by a signal, with a sanitizer's report,\n"
      "in a deadlock or at a limit (--timeout is 60 s unless given, --output-limit 64M, "
      "--file-limit 1G,\n"
      "--process-limit 1000). Failures are grouped by what\n"
      "they have in common; the first of each is kept for `detsim replay` and `detsim bisect`.\n"
      "Exit status: 0 nothing failed; 1 something did; 125, 126, 127 as `detsim run`.");
  if (const auto code = parse_command_line(app, invocation, &options.run.command, "--resume")) {
    return *code;
  }
  if (const auto problem = settle(options, defaults, app, given); !problem.empty()) {
    say(problem);
    return kExitFailed;
  }
  return given.per_test ? explore_tests(options, given, invocation.program)
                        : explore_whole(options, given, invocation.program);
}

}  // namespace detsim
