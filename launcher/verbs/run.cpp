// `detsim run`: one run, as transparent as env(1) and timeout(1).
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "launcher/command_line.hpp"
#include "launcher/descriptors.hpp"
#include "launcher/explore/seeds_file.hpp"
#include "launcher/report.hpp"
#include "launcher/say.hpp"

namespace detsim {
namespace {

// Opened before the run: a name that cannot be written to should not cost a run.
class ReportFile {
 public:
  ReportFile(const char* what, const std::string& path) : what_(what), path_(path) {
    if (path.empty()) return;
    fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) problem_ = words_for(errno);
  }
  ~ReportFile() {
    if (fd_ >= 0) close(fd_);
  }
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;

  bool is_wanted() const { return fd_ >= 0; }
  void write(const std::string& text) {
    if (!write_all(fd_, text.data(), text.size())) problem_ = words_for(errno);
  }
  const std::string& problem() const { return problem_; }

 private:
  std::string words_for(int error) const {
    return fmt::format("cannot write the {} {}: {}", what_, path_, std::strerror(error));
  }

  const char* what_;
  const std::string path_;
  int fd_ = -1;
  std::string problem_;
};

const char* plural(std::uint32_t count) { return count == 1 ? "process was" : "processes were"; }

void say_ending(const RunOptions& options, const RunResult& result, const std::string& program) {
  if (!result.trace_loss.empty()) say(result.trace_loss);
  if (result.misfits > 0) {
    say(fmt::format("{} of the choices did not fit, first that of decision {}: this is another run",
                    result.misfits, result.first_misfit));
  }
  if (options.quiet || result.outside_signal != 0) return;
  if (result.left_over > 0) {
    say(fmt::format("{} {} left when the program ended, and killed", result.left_over,
                    plural(result.left_over)));
  }
  print_faults(result.faults, failed(result), stderr);
  for (const auto& rule : idle_rules(result.faults)) {
    say(fmt::format("WARNING: {} never had a chance to strike", rule));
  }
  if (failed(result)) say("reproduce with: " + command_line_of(options, program));
}

// What says which run it is, or tells of one run, says nothing of many.
constexpr const char* kForOneRun[] = {"--seed",        "--choices",        "--trace",
                                      "--report-json", "--require-faults", "--fault-log"};

int run_seeds(const CLI::App& app, const RunOptions& options, const std::string& path,
              const std::string& program) {
  for (const char* name : kForOneRun) {
    if (app.count(name) == 0) continue;
    say(fmt::format("{} is for one run, --seeds-file for many", name));
    return kExitFailed;
  }
  std::vector<SeedLine> seeds;
  std::string problem;
  if (read_seeds_file(path, seeds, problem)) return judge_by_seeds(options, seeds, program);
  say(problem);
  return kExitFailed;
}

}  // namespace

int verb_run(const Invocation& invocation) {
  RunOptions options;
  RunOptionsGiven given;
  CLI::App app("Runs a program so that every run with the same seed is the same run.",
               invocation.program + " run");
  add_run_options(app, options, given);
  add_choices_option(app, options);
  add_file_options(app, options);
  app.add_option("--keep-disk", options.keep_disk,
                 "Put a copy of what is on the disk in the end into this directory")
      ->type_name("DIR")
      ->envname("DETSIM_KEEP_DISK");
  std::string seeds_path;
  app.add_option("--seeds-file", seeds_path,
                 "Run under each of these seeds until one fails: 0 none does, 1 one does, 125 "
                 "cannot be told")
      ->type_name("FILE");
  bool require_faults = false;
  std::string log_path;
  add_fault_options(app, require_faults, log_path);
  app.footer(
      "Every option can be given as a variable, such as DETSIM_SEED.\n"
      "Exit status: the program's own; 120 deadlock, 122 a property failed, 124 a limit has\n"
      "passed, 125 detsim failed, 126 the program cannot be executed, 127 there is no such "
      "program.");
  if (const auto code = parse_command_line(app, invocation, &options.command)) return *code;
  if (!seeds_path.empty()) return run_seeds(app, options, seeds_path, invocation.program);
  if (!given.seed) {
    options.seed = draw_seed();
    if (!options.quiet) options.announcement = fmt::format("seed {}", options.seed);
  }
  auto report = ReportFile("report", options.report_path);
  auto log = ReportFile("list of faults", log_path);
  for (const auto* file : {&report, &log}) {
    if (file->problem().empty()) continue;
    say(file->problem());
    return kExitFailed;
  }
  const auto result = run_target(options);
  if (report.is_wanted()) report.write(report_of_run(options, result, invocation.program));
  if (log.is_wanted()) log.write(log_of(result.faults));
  for (const auto* file : {&report, &log}) {
    if (!file->problem().empty()) say(file->problem());
  }
  if (result.refused != 0) {
    say(result.problem);
    return result.refused;
  }
  if (!result.keeping_failed.empty()) say(result.keeping_failed);
  say_ending(options, result, invocation.program);
  if (require_faults && !failed(result) && !idle_rules(result.faults).empty()) {
    say("the plan was not carried out (--require-faults)");
    return kExitFailed;
  }
  end_like(result);
}

}  // namespace detsim
