// The directory that a failure is kept in: all that is needed to repeat it, on the machine where it
// was found or, with the same files, on another.
//
//   failure.json   what the run was, and the sums of the program and its libraries
//   choices.txt    the choices it took        trace        its events
//   plan.yaml      its fault plan, if that was a file          strikes.jsonl   what struck
//   stdout stderr  what it wrote              report.txt   what detsim said of it
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "launcher/explore/one_run.hpp"

namespace detsim {

struct FileSum {
  std::string path;
  std::uint64_t bytes = 0;
  std::uint64_t sum = 0;  // XXH3-64
  friend bool operator==(const FileSum&, const FileSum&) = default;
};

struct KeptFailure {
  RunOptions run;  // with the choices to follow
  std::string strategy, directory, kind, message, signature, detsim_version, working_directory;
  int exit_code = 0;
  std::uint64_t trace_hash = 0, events = 0;
  std::vector<FileSum> files;  // the program and its libraries
};

/// Does the run again with a trace, in `directory`, which is made. Empty: done; else why not.
std::string keep_failure(Runner& runner, const RunOptions& options, const KeptRun& failed,
                         const std::string& directory);
/// Takes away what keep_failure() wrote, and nothing else.
void remove_failure(const std::string& directory);
/// nullptr: `problem` says what is wrong with the directory.
std::unique_ptr<KeptFailure> load_failure(const std::string& directory, std::string& problem);

FileSum sum_of(const std::string& path);
/// The program and the libraries that it loads at its start.
std::vector<FileSum> sums_of(const RunOptions& options);
/// What is not as it was when the failure was kept, one line each.
std::vector<std::string> changes_since(const KeptFailure& failure);

bool write_file(const std::string& path, const std::string& text);

}  // namespace detsim
