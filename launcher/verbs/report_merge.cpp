// `detsim report merge`: one report of what several explorations found that are parts of one.
#include <fmt/format.h>

#include "launcher/command_line.hpp"
#include "launcher/explore/report_files.hpp"
#include "launcher/say.hpp"

namespace detsim {

int verb_report_merge(const Invocation& invocation) {
  CLI::App app("Reports what several parts of one exploration found, as if it had been one.",
               invocation.program + " report merge");
  std::vector<std::string> directories;
  ReportFiles files;
  bool quiet = false;
  app.add_option("directory", directories,
                 "A result directory of `detsim explore`, or one that holds some")
      ->type_name("DIR");
  add_report_options(app, files);
  app.add_flag("--quiet,-q", quiet, "Print nothing unless something is wrong");
  app.footer(
      "The parts may have died in the middle or run twice: a seed counts once, and seeds that "
      "were\n"
      "not run are told.\n"
      "Exit status: 0 nothing failed; 1 something did; 125 seeds are missing although nothing\n"
      "failed, or the directories are not parts of one exploration.");
  if (const auto code = parse_command_line(app, invocation, nullptr)) return *code;
  if (directories.empty()) {
    say("which directories? see `detsim report merge --help`");
    return kExitFailed;
  }
  const auto results = read_results(directories);
  if (!results.problem.empty()) {
    say(results.problem);
    return kExitFailed;
  }
  for (const auto& note : results.notes) say(note);
  if (!quiet) fmt::print("{}", console_text(results.done));
  if (!write_reports(files, results, invocation.program)) return kExitFailed;
  if (!results.done.buckets.empty()) return 1;
  return results.missing > 0 ? kExitFailed : 0;
}

}  // namespace detsim
