// One exploration while it goes on: its workers, and what they have told. Whoever drives it gives
// it workers and lets it take what they tell, and may drive several at once.
#pragma once
#include <poll.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "launcher/explore/explorer.hpp"

namespace detsim {

class ResultWriter;
struct KeptExample;
struct RunNote;
struct RunRecord;
struct SharedWork;

/// While it exists, SIGINT and SIGTERM ask whoever explores to stop.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  bool arrived() const;

 private:
  void (*int_)(int);
  void (*term_)(int);
};

/// How many runs go on side by side: as was asked for, or one per core.
unsigned jobs_of(const ExploreOptions& options);

class UnderWay {
 public:
  /// `options` must outlive it.
  explicit UnderWay(const ExploreOptions& options);
  ~UnderWay();
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

  /// False: it cannot begin; end() says why.
  bool begin();
  /// One more, on the core of this number. False: there can be none.
  bool add_worker(unsigned slot);
  /// How many seeds no worker has taken yet.
  std::uint64_t seeds_left() const;
  bool has_workers() const { return !workers_.empty(); }
  /// What there is to wait for.
  void add_ends(std::vector<pollfd>& ends) const;
  /// Takes what the workers have told. Returns the slots of those that have ended.
  std::vector<unsigned> attend();
  /// No run begins any more.
  void stop();
  /// Somebody outside wants an end: what runs may come to its own, but not for ever.
  void interrupt();
  const Exploration& so_far() const { return done_; }
  /// In one line.
  std::string progress() const;
  /// Once no worker is left.
  Exploration end();

 private:
  using Clock = std::chrono::steady_clock;
  struct Worker {
    pid_t pid = -1;
    unsigned slot = 0;
    int socket = -1;
    std::vector<std::string> of_seed;  // notes of branches: they count with the note of their seed
  };

  void refuse(const std::string& problem);
  bool take_notes(Worker& worker);
  void take_group(Worker& worker, const std::string& packet);
  void take_note(const std::string& packet);
  void take_example(const KeptExample& example);
  void write_down(const RunRecord& record);
  void write_results();
  RunRecord record_of(const RunNote& note) const;
  std::uint64_t elapsed_ns() const;
  std::string still_to_do(double seconds) const;
  void lose_patience();
  void keep_lowest();
  void end_results();

  const ExploreOptions& options_;
  Clock::time_point began_, written_ = Clock::now(), stopping_{};
  SharedWork* shared_ = nullptr;
  std::vector<Worker> workers_;
  std::vector<char> buffer_;
  std::unique_ptr<ResultWriter> writer_;
  bool asked_workers_ = false;  // to end what they run
  Exploration done_;
};

}  // namespace detsim
