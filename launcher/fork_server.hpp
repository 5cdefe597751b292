// The fork server: a target that has been started once and stands still in the middle of it. Each
// run goes on from there in a copy of its process (docs/fork-server.md).
//
// It stands where its seed comes in; and, when that is wanted, at decisions further on, where runs
// that follow the same choices up to there can begin.
#pragma once
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "launcher/launch.hpp"
#include "launcher/view_snapshot.hpp"
#include "launcher/world_image.hpp"
#include "launcher/world_mapping.hpp"

namespace detsim {

class SignalWatch;

class ForkServer {
 public:
  /// nullptr: `why` says why runs of this target are started anew each. An empty `why`: so it was
  /// with the start itself, and starting it anew will say the same.
  /// `keeps_files`: it puts the files of the view back itself, and makes places behind changes to
  /// them, too.
  static std::unique_ptr<ForkServer> start(const RunOptions& options, std::string& why,
                                           bool keeps_files = false);
  ~ForkServer();
  ForkServer(const ForkServer&) = delete;
  ForkServer& operator=(const ForkServer&) = delete;

  /// Whether such a run may start from here: it differs from the first one only in its seed and
  /// in what follows from it, and keeps no trace.
  bool serves(const RunOptions& options) const;
  /// As run_target(). Goes on from the last place up to which the run has the same choices.
  RunResult run(const RunOptions& options);

  /// Makes places along the run that these options' choices give, for later runs that have the
  /// first of them in common. Empty: done; else why runs of this target can only go on from its
  /// beginning.
  std::string branch_along(const RunOptions& options, std::uint64_t decisions);

  /// Whether the last run did nothing that could have changed its view.
  bool left_view_alone() const { return left_view_alone_; }
  /// As run(), of a run that follows no list; and makes places before these decisions of it
  /// (ascending), for runs that leave it behind them, as far as the program allows.
  RunResult run_and_park(const RunOptions& options, const std::vector<std::uint64_t>& decisions);
  /// Why it made no more of them, in words; empty: it did.
  std::string why_no_place() const;
  /// The decisions before which places are, but for the one where runs begin.
  std::vector<std::uint64_t> places() const;
  /// Ends all processes but the one where runs begin.
  void drop_places();

  /// Lets copies whose run is over be put back and used again (docs/rewinding.md), or no longer.
  void rewind_copies(bool wanted);
  /// How many runs were done by a process that had done one before; the last one is counted.
  std::uint64_t rewound_runs() const { return rewound_runs_; }
  bool was_rewound() const { return was_rewound_; }
  /// Who stands at the start again; 0: nobody.
  pid_t standing_again() const { return again_; }

  /// For a run that it does not do: the view is as it was at the start. A problem, or nothing.
  std::string put_back_files() { return put_back_files(places_[0]); }

  /// Its private view is not the one any more that its process was started in: it serves nobody.
  bool is_stale() const;
  /// What its runs work in; nullptr: what everybody sees.
  const std::shared_ptr<PrivateView>& view() const { return launch_.view; }

  /// Events of all runs so far, and how many of them were executed for it.
  std::uint64_t events() const { return events_; }
  std::uint64_t executed_events() const { return executed_events_; }
  std::uint64_t spared_events() const { return events_ - executed_events_; }

  struct Written {  // a file that output goes to
    std::string text;
    off_t offset = 0;
  };

  /// Between these two, there may be another world in this process.
  void leave_world() { mapping_->leave(); }
  void enter_world() { mapping_->come_back(); }

 private:
  struct Place {  // where a process stands still
    pid_t pid = 0;
    WorldImage image;
    Written output, error;  // by then
    std::uint64_t seed = 0, decision = 0, wakes = 0, events = 0;
    std::string followed;                 // the strategy, where it has followed one and no list
    Choices choices;                      // that it has followed
    std::unique_ptr<ViewSnapshot> files;  // nullptr: they are as they were at the start
    bool is_lost = false;                 // they cannot be put back
  };

  ForkServer(const RunOptions& options, Launch launch, std::unique_ptr<WorldMapping> mapping);
  bool park(const RunOptions& options, std::string& why);
  void add_place(pid_t pid, const RunOptions& options);
  void drop_last_place();
  static bool leads_to(const Place& place, const RunOptions& options);
  RunResult run_from(std::size_t number, const RunOptions& options);
  std::string put_back_files(Place& place);
  void put_back(const Place& place, const RunOptions& options);
  pid_t order_copy(std::size_t number);
  pid_t order_start(std::size_t number);
  pid_t order_again();
  void keep_again(pid_t root, const RunResult& result);
  void end_again();

  RunOptions options_;
  Launch launch_;
  std::vector<std::pair<std::string, ino_t>> view_entries_;  // at the start
  std::unique_ptr<WorldMapping> mapping_;
  WrittenPages pages_;
  std::vector<Place> places_;       // the first: before the seed came in; then further on
  std::uint32_t outside_call_ = 0;  // number + 1 of the call before which it stands
  bool left_view_alone_ = false;
  bool rewinds_ = false, was_rewound_ = false;
  pid_t again_ = 0;  // a copy that stands at the first place again; 0: none
  std::uint64_t rewound_runs_ = 0;
  bool keeps_files_ = false;
  std::string why_lost_;  // why the files of a place could not be kept or put back
  std::uint64_t events_ = 0, executed_events_ = 0;
};

}  // namespace detsim
