// One run whose output is kept: what explore, replay and bisect do with a target. Its standard
// output and standard error are files in memory, its input is empty, so that it behaves in the
// same way for all three.
#pragma once
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "launcher/explore/failure.hpp"
#include "launcher/fork_server.hpp"

namespace detsim {

struct KeptRun {
  RunResult result;
  std::optional<Failure> failure;
  std::string output, error;  // of the target
  std::string words;          // detsim's own: reports
  std::uint64_t wall_ns = 0;
  std::optional<StopFacts> facts;   // when detsim stopped it
  std::optional<CrashFacts> crash;  // of the last process that crashed, if one did
};

class Runner {
 public:
  Runner();
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Not empty: nothing can be run.
  const std::string& problem() const { return problem_; }
  /// `options`' descriptors, words, look and quietness are overwritten.
  /// `look` sees the world of a run that detsim stopped, while its processes exist.
  KeptRun run(const RunOptions& options, const std::function<void(World&)>& look = {});

  /// Runs that differ only in their seed start from one process from now on, if they can.
  void use_fork_server() { may_serve_ = true; }
  /// Their processes are made for one run each (docs/rewinding.md).
  void do_not_rewind() { may_rewind_ = false; }
  /// The same, and they may be left in the middle (run_and_park()).
  void use_branches() { may_serve_ = may_branch_ = true; }
  /// Ends that process, and waits for its end. Later runs are started anew each.
  void end_fork_server() {
    server_.reset();
    may_serve_ = false;
  }
  /// Why processes are made for one run each, although they need not; empty: they are not.
  const std::string& why_not_rewound() const { return why_not_rewound_; }
  /// Why they are started anew each all the same; empty: they are not, or nothing was run yet.
  const std::string& why_fresh() const { return why_fresh_; }

  /// Later runs with the first of these options' choices go on from places along that run of so
  /// many decisions, if the fork server is used and the program allows it.
  void branch_along(RunOptions options, std::uint64_t decisions);
  /// Why they do not; empty: they do, or were not asked to.
  const std::string& why_no_branches() const { return why_no_branches_; }
  /// As run(). Later runs of this seed that leave this one at a decision go on from places
  /// before these (ascending), as far as the program allows; places of earlier runs are gone,
  /// unless it goes on from them. `places`: where they are. Without the fork server there are none.
  KeptRun run_and_park(const RunOptions& options, std::vector<std::uint64_t> decisions,
                       std::vector<std::uint64_t>& places);
  /// Ends the processes that stand in them.
  void drop_places();
  /// nullptr: none is used, or it has not started.
  const ForkServer* server() const { return server_.get(); }
  /// How many events of all runs so far were executed, and not taken over by going on in a copy.
  std::uint64_t executed_events() const { return executed_events_; }
  /// A digest of the output of the last run.
  std::uint64_t output_digest() const { return output_digest_; }

 private:
  KeptRun run_once(RunOptions options, const std::function<void(World&)>& look);
  bool is_to_verify() const;
  void take_view(RunOptions& options, RunResult& result);
  RunResult run_somehow(RunOptions& options);
  void start_server(RunOptions& options);
  void clear_outputs();
  void use_own_streams(RunOptions& options);

  bool may_serve_ = false, may_branch_ = false, may_rewind_ = true;
  bool starts_anew_ = false;  // this one run
  std::string why_not_rewound_;
  std::unique_ptr<ForkServer> server_;
  unsigned servers_ = 0;  // started so far
  std::string why_fresh_;
  std::string why_no_branches_;
  std::vector<std::uint64_t> parks_;  // where the next run does
  int input_ = -1, output_ = -1, error_ = -1, words_fd_ = -1;
  std::FILE* words_ = nullptr;
  std::string problem_;
  std::uint64_t output_digest_ = 0, executed_events_ = 0;
  std::uint64_t last_events_ = 0;
  std::shared_ptr<PrivateView> view_;
  bool is_view_unchanged_ = false;        // since it was as it was made
  std::vector<PrivateDirectory> viewed_;  // what it was made of
  std::vector<std::string> command_;
};

}  // namespace detsim
