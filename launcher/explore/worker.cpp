#include "launcher/explore/worker.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "launcher/explore/failure_directory.hpp"
#include "launcher/explore/results.hpp"
#include "launcher/explore/resume.hpp"
#include "launcher/values.hpp"
#include "trace/format.hpp"

namespace detsim {
namespace {

constexpr std::size_t kTextMax = 2000;
constexpr useconds_t kLookAgain_us = 500;

std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

int core_of(unsigned index) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
  const auto count = static_cast<unsigned>(CPU_COUNT(&set));
  unsigned nth = index % count;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set) && nth-- == 0) return core;
  }
  return -1;
}

// Whether this worker is the first to meet it, and so keeps the example.
bool claims(SharedWork& shared, const std::string& signature) {
  const auto hash = check_sum(signature.data(), signature.size()) | 1;
  for (auto& slot : shared.kept) {
    std::uint64_t seen = 0;
    if (slot.compare_exchange_strong(seen, hash)) return true;
    if (seen == hash) return false;
  }
  return false;
}

// The run has the processor while the worker waits for it, so they may well share it: passing
// on to another one takes longer than most steps of a run.
void pin_to(int core) {
  if (core < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(core), &set);
  sched_setaffinity(0, sizeof set, &set);
}

// The first of all workers has its words noted.
template <std::size_t Bytes>
void note_why(std::atomic<bool>& has_why, char (&place)[Bytes], const std::string& why) {
  bool noted = false;
  if (!why.empty() && has_why.compare_exchange_strong(noted, true)) why.copy(place, Bytes - 1);
}

void append(std::string& packet, const std::string& text) {
  packet.append(text, 0, kTextMax);
  packet.push_back('\0');
}

void tell(int socket, const std::string& packet) {
  if (send(socket, packet.data(), packet.size(), MSG_NOSIGNAL) < 0) _exit(kExitFailed);
}

std::string note_of(const RunNote& note) {
  return {reinterpret_cast<const char*>(&note), sizeof note};
}

void append_failure(std::string& packet, const ExploreOptions& options,
                    const RunOptions& run_options, SharedWork& shared, Runner& runner,
                    const KeptRun& run) {
  std::string directory, problem;
  if (claims(shared, run.failure->signature)) {
    directory = directory_for(options, *run.failure);
    problem = keep_failure(runner, run_options, run, directory);
    if (!problem.empty()) directory.clear();
  }
  for (const auto& text :
       {run.failure->kind, run.failure->message, run.failure->signature, directory, problem}) {
    append(packet, text);
  }
}

std::string note_of(const ExploreOptions& options, const RunOptions& run_options,
                    SharedWork& shared, Runner& runner, const KeptRun& run, bool is_first,
                    std::uint64_t executed_events) {
  const auto code = static_cast<std::uint64_t>(exit_code_of(run.result));
  RunNote note{.seed = run_options.seed,
               .branch = run_options.branch,
               .schedule_hash = run.result.schedule_hash,
               .outcome_hash = mix64(runner.output_digest() + code),
               .strategy_length = run_options.strategy_length,
               .events = run.result.events,
               .executed_events = executed_events,
               .virtual_ns = run.result.virtual_ns,
               .wall_ns = run.wall_ns,
               .exit_code = static_cast<std::int32_t>(code),
               .refused = run.result.refused,
               .failed = run.failure.has_value(),
               .interrupted = run.result.outside_signal != 0};
  auto packet = note_of(note);
  if (run.result.refused != 0) append(packet, run.result.problem);
  if (note.interrupted || note.refused != 0) return packet;
  if (note.failed) append_failure(packet, options, run_options, shared, runner, run);
  const auto& faults = run.result.faults;
  if (!faults.rules.empty() || !faults.properties.empty()) {
    // Rules without an opportunity are told once by each worker.
    packet += to_text(counts_of(faults, is_first));
    packet.push_back('\0');
  }
  if (!faults.properties.empty()) {
    packet += to_text(properties_of(faults));
    packet.push_back('\0');
  }
  return packet;
}

// A run that real time has ended might take any number of decisions: 0, nothing is known.
std::uint64_t length_of(const RunResult& result) {
  if (result.outcome == Outcome::wall_timeout || result.outside_signal != 0) return 0;
  return std::max<std::uint64_t>(result.decisions, 1);
}

// The first run of the whole exploration, in a shard that it is not in.
RunOptions first_run(const ExploreOptions& options, RunOptions run) {
  run.seed = options.first_seed;
  if (options.mixes) mix_strategy(run);
  return run;
}

// The length that a strategy is told is that of the first run, whoever does it: so what a seed
// finds does not depend on the number of workers and shards. False: it will not be known.
bool learn_length(const SharedWork& shared, RunOptions& run) {
  if (!strategies()[run.strategy].takes_length || run.strategy_length != 0) return true;
  while (shared.length == kNever) {
    if (shared.stop) return false;
    usleep(kLookAgain_us);
  }
  run.strategy_length = shared.length;
  return true;
}

// The length that strategies are told, when the first run is not this worker's to do.
std::uint64_t first_length(const ExploreOptions& options, Runner& runner, const RunOptions& run) {
  if (options.earlier != nullptr && options.earlier->strategy_length != 0) {
    return options.earlier->strategy_length;
  }
  return length_of(runner.run(first_run(options, run)).result);
}

// One worker's part of an exploration.
struct Work {
  const ExploreOptions& options;
  SharedWork& shared;
  Runner& runner;
  int socket;
  std::uint64_t began_ns;
  bool is_first = true;               // of this worker
  std::uint64_t executed_events = 0;  // that were told

  bool is_time_over() const {
    return options.duration_ns != kNever && now_ns() - began_ns >= options.duration_ns;
  }

  // What there is to tell of a run.
  std::string note(const RunOptions& run_options, const KeptRun& run) {
    const auto executed =
        runner.executed_events() - std::exchange(executed_events, runner.executed_events());
    auto packet = note_of(options, run_options, shared, runner, run, is_first, executed);
    is_first = false;
    if (run.result.refused != 0 || (options.until_failure && run.failure)) shared.stop = true;
    return packet;
  }

  // The seed's own note comes last: only then do the branches count. Those of a seed that was not
  // finished, since somebody stopped the exploration, are done again when it goes on.
  void do_seed(const RunOptions& run_options) {
    auto root = options.branch == 0
                    ? RootRun{.run = runner.run(run_options), .branches = {}, .refused = {}}
                    : run_root(runner, run_options, options.branch);
    if (run_options.seed == options.first_seed) shared.length = length_of(root.run.result);
    const auto own_note = note(run_options, root.run);
    note_why(shared.has_why_fresh, shared.why_fresh, runner.why_fresh());
    note_why(shared.has_why_not_rewound, shared.why_not_rewound, runner.why_not_rewound());
    note_why(shared.has_why_unbranched, shared.why_unbranched, root.refused);
    auto branch_options = run_options;
    for (const auto& branch : root.branches) {
      if (shared.stop && !options.until_failure) return;
      if (shared.stop || is_time_over()) break;
      branch_options.branch = branch;
      const auto run = runner.run(branch_options);
      tell(socket, note(branch_options, run));
      if (run.result.refused != 0) break;
    }
    tell(socket, own_note);
  }
};

}  // namespace

void claim_kept(SharedWork& shared, const Exploration& done) {
  for (const auto& [signature, bucket] : done.buckets) {
    if (!bucket.directory.empty()) claims(shared, signature);
  }
}

std::string directory_for(const ExploreOptions& options, const Failure& failure) {
  const auto sum = check_sum(failure.signature.data(), failure.signature.size());
  return fmt::format("{}/{}-{:08x}", options.directory, failure.kind, sum & 0xffffffff);
}

void work(const ExploreOptions& options, SharedWork& shared, unsigned index, int socket,
          pid_t explorer) {
  const auto began_ns = now_ns() - (options.earlier ? options.earlier->done.wall_ns : 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != explorer) _exit(kExitFailed);
  setpgid(0, 0);  // Ctrl-C is the explorer's: what runs comes to its end
  Runner runner;
  if (options.fork_server) runner.use_fork_server();
  if (!options.rewinds) runner.do_not_rewind();
  if (options.branch != 0) runner.use_branches();
  auto run_options = options.run;
  run_options.core = core_of(index);
  pin_to(run_options.core);
  run_options.quiet = true;
  const auto runs = options.runs == ~0ull ? ~0ull : runs_of(options.shard, options.runs);
  Work work{options, shared, runner, socket, began_ns};
  while (!shared.stop && !work.is_time_over()) {
    const auto number = shared.next.fetch_add(1);
    if (number >= runs) break;
    run_options.seed = options.first_seed + number_of(options.shard, number);
    run_options.strategy_length = options.run.strategy_length;
    const bool was_done = is_done(options, run_options.seed);
    if (number == 0 && (was_done || run_options.seed != options.first_seed)) {
      shared.length = first_length(options, runner, run_options);
    }
    if (was_done) continue;
    if (options.mixes) mix_strategy(run_options);
    const bool is_very_first = run_options.seed == options.first_seed;
    if (!is_very_first && !learn_length(shared, run_options)) break;
    work.do_seed(run_options);
  }
  runner.end_fork_server();  // whoever waits for us finds nothing of the program running
  _exit(0);
}

}  // namespace detsim
