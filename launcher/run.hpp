// One run of a target: from what it should be to what came of it. Verbs that run a target build
// RunOptions from the command line (command_line.hpp) and call run_target() as often as they
// like, one run at a time: the world has one address.
#pragma once
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "faultplan/reading/plan_text.hpp"
#include "launcher/fault_outcome.hpp"
#include "launcher/private_view.hpp"
#include "scheduler/branch.hpp"
#include "scheduler/world.hpp"
#include "trace/choices.hpp"

namespace detsim {

constexpr int kExitDeadlock = 120;
constexpr int kExitDivergence = 121;
constexpr int kExitProperty = 122;
constexpr int kExitLimit = 124;
constexpr int kExitFailed = 125;  // detsim itself failed or was misused
constexpr int kExitNotExecutable = 126;
constexpr int kExitNotFound = 127;

/// 2030-01-01T00:00:00Z: what CLOCK_REALTIME reads at the start of a run. Years ahead, so that
/// files from before the run show the times that they have (docs/identity.md).
constexpr std::uint64_t kEpochDefault_ns = 1893456000ull * 1000000000;

/// 0: none.
struct Limits {
  std::uint64_t output_bytes = 0;  // to standard output and error, and other files from outside
  std::uint64_t file_bytes = 0;    // of each file that it writes (RLIMIT_FSIZE)
  std::uint32_t processes = 0;     // at one time
  std::uint64_t disk_bytes = 0;    // of private directories together, where they are in memory
  friend bool operator==(const Limits&, const Limits&) = default;
};

struct RunOptions {
  // -- what decides the run
  std::vector<std::string> command;
  std::uint64_t seed = 0;
  std::uint32_t strategy = 0;  // index into strategies()
  std::uint64_t strategy_parameter = 0;
  std::uint64_t strategy_length = 0;  // expected number of decisions; 0: not known
  Branch branch;                      // from the run of the seed, if it leaves it
  std::uint32_t cpus = 2;
  std::uint64_t epoch_ns = kEpochDefault_ns;
  std::uint64_t virtual_limit_ns = kNever;
  Limits limits;
  std::shared_ptr<const Choices> choices;  // followed in place of the strategy; nullptr: none
  std::string choices_path;                // where they were read from
  std::vector<std::string> environment;    // "NAME=VALUE" sets, "NAME" unsets, in order
  Plan faults;
  std::string faults_text;  // what `faults` was made of: --faults, --fault
  std::vector<std::string> fault_texts;
  std::vector<PrivateDirectory> private_directories;  // that the run has copies of
  std::vector<std::string> left_out;                  // paths that those copies do not have

  // -- what does not
  std::uint64_t wall_limit_ns = kNever;
  std::string trace_path;   // empty: no file
  std::string report_path;  // for the report as JSON; empty: none
  bool quiet = false;
  std::string announcement;  // said when nothing stands against the start; empty: nothing
  /// Of the private directories, when they outlive the run; nullptr: it makes one for itself.
  std::shared_ptr<PrivateView> view;
  bool returns_view = false;  // in the result, for another run

  // -- for runs that are compared with each other
  std::size_t environment_pad = 0;  // bytes in front of the environment that the target never sees
  std::string start_directory;      // where the launcher is at the start; the target is never there
  int core = -1;                    // that the run is pinned to; -1: where the launcher is
  std::uint64_t stop_at = ~0ull;    // ends the run at this event, with a report
  /// In place of the report, while the run's processes still exist.
  std::function<void(World&, Outcome)> look;
  /// When a signal that leaves a core file is about to end the process of the current task.
  std::function<void(World&)> look_at_crash;
  int standard_input = 0, standard_output = 1, standard_error = 2;  // descriptors for the target
  std::FILE* words = nullptr;                                       // detsim's own; nullptr: stderr

  // -- the disk, and what comes after the command (rounds.hpp); it decides the run, too
  std::vector<std::string> disk_texts;  // what `faults` knows of disks from options
  std::string profile_text;
  bool in_place_given = false;
  std::string then;           // for `sh -c`; empty: nothing
  std::uint32_t crashes = 0;  // after so many losses of power at most the command is started again
  std::string keep_disk;      // a directory for what is there in the end; empty: nothing is kept
};

struct RunResult {
  /// Not zero: the target was never started, and this is what to exit with; `problem` says why.
  int refused = 0;
  std::string problem;

  Outcome outcome = Outcome::failed;
  std::uint32_t status = 0;  // of the root process, as wait(2) encodes it, if it ended
  std::uint64_t trace_hash = 0;
  std::uint64_t events = 0;
  std::uint64_t virtual_ns = 0;
  std::uint64_t calls = 0;          // entered
  std::uint32_t left_over = 0;      // processes that were killed when the root process ended
  int outside_signal = 0;           // the run was asked to end, by this signal to the launcher
  bool was_signalled = false;       // the launcher has sent signals to its processes
  int ended_by_signal = 0;          // it did not heed it, and was ended
  std::uint64_t misfits = 0;        // choices that could not be followed
  Choices followed;                 // those that had an effect
  std::uint64_t decisions = 0;      // at which there was a choice
  std::uint64_t schedule_hash = 0;  // equal for schedules that are the same for the program
  std::uint64_t first_misfit = 0;   // the decision or wake-up that the first of them is for
  FaultOutcome faults;
  std::string stop;            // what was found when detsim stopped it, as JSON; empty: nothing
  std::string crash;           // where the last process crashed that did, as JSON; empty: none
  std::string trace_loss;      // what of the trace could not be written, in one line
  std::uint32_t cuts = 0;      // of power
  std::string keeping_failed;  // why the disk was not kept, in one line
  std::shared_ptr<PrivateView> view;  // that the run had; for another run, see renew()
};

RunResult run_target(const RunOptions& options);

/// What the command exits with after this run. Death by a signal is 128 + its number.
int exit_code_of(const RunResult& result);
/// Whether there is something to reproduce: anything but an exit with status 0.
bool failed(const RunResult& result);
/// One word for how it ended, as the trace file has it.
const char* word_of(Outcome outcome);

/// Ends this process as the target ended: the same exit status, or the same signal.
[[noreturn]] void end_like(const RunResult& result);

/// The strategy as --strategy takes it.
std::string strategy_of(const RunOptions& options);

/// One line that a shell takes and that does the same run again, with `program` (argv[0] of this
/// command) in front.
std::string command_line_of(const RunOptions& options, const std::string& program);

}  // namespace detsim
