#include "launcher/explore/under_way.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <utility>

#include "launcher/explore/failure_directory.hpp"
#include "launcher/explore/progress.hpp"
#include "launcher/explore/results.hpp"
#include "launcher/explore/worker.hpp"

namespace detsim {
namespace {

constexpr auto kWriteEvery = std::chrono::milliseconds(200);
constexpr auto kPatience = std::chrono::seconds(3);  // with what runs when it is asked to stop

volatile std::sig_atomic_t asked_to_stop = 0;
void ask_to_stop(int) { asked_to_stop = 1; }

bool is_lowest(const Bucket& bucket) {
  return bucket.seed == bucket.lowest_seed && bucket.branch == bucket.lowest_branch;
}

std::string why_ended(const ExploreOptions& options, const Exploration& done) {
  if (done.interrupted) return "interrupted";
  return options.until_failure && done.failed > 0 ? "failure" : "done";
}

RunNote note_in(const std::string& packet) {
  RunNote note;
  std::memcpy(&note, packet.data(), sizeof note);
  return note;
}

}  // namespace

StopSignals::StopSignals() {
  asked_to_stop = 0;
  int_ = std::signal(SIGINT, ask_to_stop);
  term_ = std::signal(SIGTERM, ask_to_stop);
}

StopSignals::~StopSignals() {
  std::signal(SIGINT, int_);
  std::signal(SIGTERM, term_);
}

bool StopSignals::arrived() const { return asked_to_stop != 0; }

unsigned jobs_of(const ExploreOptions& options) {
  if (options.jobs != 0) return options.jobs;
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return static_cast<unsigned>(std::max(CPU_COUNT(&set), 1));
}

UnderWay::UnderWay(const ExploreOptions& options)
    : options_(options), began_(Clock::now()), buffer_(kNoteBytesMax) {
  if (options.earlier == nullptr) return;
  done_ = options.earlier->done;
  began_ -= std::chrono::nanoseconds(done_.wall_ns);
}

UnderWay::~UnderWay() {
  if (shared_ != nullptr) munmap(shared_, sizeof *shared_);
}

bool UnderWay::begin() {
  auto* memory =
      mmap(nullptr, sizeof(SharedWork), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    refuse(std::strerror(errno));
    return false;
  }
  shared_ = new (memory) SharedWork;
  if (options_.earlier == nullptr) return true;
  claim_kept(*shared_, done_);
  if (options_.until_failure && done_.failed > 0) stop();
  writer_ = ResultWriter::create(options_, true, done_.problem);
  if (writer_ == nullptr) refuse(done_.problem);
  return writer_ != nullptr;
}

bool UnderWay::add_worker(unsigned slot) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
  std::fflush(nullptr);
  const pid_t explorer = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    for (const auto& worker : workers_) close(worker.socket);
    work(options_, *shared_, slot, ends[1], explorer);
  }
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return false;
  }
  workers_.push_back({.pid = pid, .slot = slot, .socket = ends[0], .of_seed = {}});
  return true;
}

std::uint64_t UnderWay::seeds_left() const {
  if (shared_->stop) return 0;
  const auto seeds = options_.runs == ~0ull ? ~0ull : runs_of(options_.shard, options_.runs);
  const auto taken = shared_->next.load();
  return seeds > taken ? seeds - taken : 0;
}

void UnderWay::add_ends(std::vector<pollfd>& ends) const {
  for (const auto& worker : workers_) ends.push_back({worker.socket, POLLIN, 0});
}

std::vector<unsigned> UnderWay::attend() {
  std::vector<unsigned> ended;
  for (auto& worker : workers_) {
    if (take_notes(worker)) continue;
    ended.push_back(worker.slot);
    worker.socket = -1;
  }
  std::erase_if(workers_, [](const Worker& worker) { return worker.socket < 0; });
  lose_patience();
  write_results();
  return ended;
}

void UnderWay::stop() { shared_->stop = true; }

void UnderWay::interrupt() {
  if (done_.interrupted) return;
  done_.interrupted = true;
  stop();
  stopping_ = Clock::now();
}

// A target may ignore SIGTERM. The kernel and a guardian (guardian.hpp) end it with its worker.
void UnderWay::lose_patience() {
  if (stopping_ == Clock::time_point{} || Clock::now() - stopping_ < kPatience) return;
  for (const auto& worker : workers_) kill(worker.pid, asked_workers_ ? SIGKILL : SIGTERM);
  asked_workers_ = true;
  stopping_ = Clock::now();
}

Exploration UnderWay::end() {
  if (shared_ != nullptr) {
    if (options_.fork_server) done_.why_fresh = shared_->why_fresh;
    done_.branching.children_per_place = options_.branch;
    done_.why_not_rewound = shared_->why_not_rewound;
    done_.branching.refused = shared_->why_unbranched;
  }
  if (done_.refused == 0) {
    keep_lowest();
    judge_properties(options_, done_);
  }
  end_results();
  return std::move(done_);
}

void UnderWay::end_results() {
  if (writer_ == nullptr) return;
  if (const auto problem = writer_->end(why_ended(options_, done_), done_.wall_ns);
      !problem.empty()) {
    say_over_progress(problem);
  }
  writer_.reset();
}

// Which of several failing runs ends first is chance; the example is the one with the lowest
// seed, so that reports are the same. One may have been lost when an exploration was killed.
void UnderWay::keep_lowest() {
  Runner runner;
  for (auto& [signature, bucket] : done_.buckets) {
    const bool is_lost = options_.earlier != nullptr && bucket.directory.empty();
    if (is_lost) bucket.directory = directory_for(options_, bucket.failure);
    if (bucket.directory.empty() || (!is_lost && is_lowest(bucket))) continue;
    const auto run =
        run_of(options_, bucket.lowest_seed, bucket.lowest_length, bucket.lowest_branch);
    const auto again = runner.run(run);
    if (!again.failure || again.failure->signature != signature) continue;
    remove_failure(bucket.directory);
    KeptExample example{*again.failure,   run.seed,         run.branch,
                        strategy_of(run), bucket.directory, ""};
    example.problem = keep_failure(runner, run, again, bucket.directory);
    if (!example.problem.empty()) example.directory.clear();
    bucket.directory.clear();
    take_example(example);
  }
}

void UnderWay::take_example(const KeptExample& example) {
  count(done_, example);
  if (writer_ != nullptr) writer_->add(example);
}

void UnderWay::refuse(const std::string& problem) {
  done_.refused = kExitFailed;
  done_.problem = problem;
}

// Often enough that an interruption loses little, and not a call for each run.
void UnderWay::write_results() {
  if (writer_ == nullptr || Clock::now() - written_ < kWriteEvery) return;
  written_ = Clock::now();
  if (const auto problem = writer_->flush(); !problem.empty()) say_over_progress(problem);
}

// False: it has ended.
bool UnderWay::take_notes(Worker& worker) {
  for (;;) {
    const auto got = recv(worker.socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got < static_cast<ssize_t>(sizeof(RunNote))) break;
    take_group(worker, std::string(buffer_.data(), static_cast<std::size_t>(got)));
  }
  close(worker.socket);
  int status = 0;
  waitpid(worker.pid, &status, 0);
  done_.wall_ns = elapsed_ns();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return false;
  if (asked_workers_ && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return false;
  if (done_.refused == 0) refuse("a worker ended in the middle of a run; this is a bug in detsim");
  stop();
  return false;
}

void UnderWay::take_group(Worker& worker, const std::string& packet) {
  worker.of_seed.push_back(packet);
  if (!note_in(packet).branch.is_root()) return;
  for (const auto& each : std::exchange(worker.of_seed, {})) take_note(each);
}

void UnderWay::take_note(const std::string& packet) {
  const auto note = note_in(packet);
  std::vector<std::string> texts;
  for (auto at = sizeof note; at < packet.size();) {
    texts.emplace_back(packet.c_str() + at);
    at += texts.back().size() + 1;
  }
  if (note.refused != 0) {
    done_.refused = note.refused;
    done_.problem = texts.empty() ? "" : texts[0];
    return;
  }
  if (note.interrupted) return;
  auto record = record_of(note);
  if (note.failed && texts.size() >= 5) {
    record.failed = true;
    record.failure = {texts[0], texts[1], texts[2]};
  }
  const auto more = texts.size() % 5;  // behind what a failure has
  if (more > 0) record.rules = parse_rules(texts[texts.size() - more]);
  if (more > 1) record.properties = parse_properties(texts.back());
  count(done_, record);
  done_.branching.events += note.events;
  done_.branching.executed_events += note.executed_events;
  write_down(record);
  if (record.failed && !(texts[3].empty() && texts[4].empty())) {
    take_example({record.failure, record.seed, record.branch, record.strategy, texts[3], texts[4]});
    if (!options_.quiet) {
      say_over_progress(fmt::format("{}: {}", name_of_run(note.seed, note.branch), texts[1]));
    }
  }
}

// Results that are there are replaced when the first run has ended: not by a command that cannot
// be run.
void UnderWay::write_down(const RunRecord& record) {
  if (done_.runs == 1 && writer_ == nullptr) {
    std::string problem;
    writer_ = ResultWriter::create(options_, false, problem);
    if (writer_ == nullptr) say_over_progress(problem + "; the runs are not written down");
  }
  if (writer_ != nullptr) writer_->add(record);
}

RunRecord UnderWay::record_of(const RunNote& note) const {
  RunRecord record;
  record.seed = note.seed;
  record.branch = note.branch;
  record.schedule = note.schedule_hash;
  record.outcome = note.outcome_hash;
  record.events = note.events;
  record.virtual_ns = note.virtual_ns;
  record.wall_ns = note.wall_ns;
  record.at_ns = elapsed_ns();
  record.exit_code = note.exit_code;
  record.strategy_length = note.strategy_length;
  record.strategy = strategy_of(run_of(options_, note.seed, note.strategy_length));
  return record;
}

std::uint64_t UnderWay::elapsed_ns() const {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_).count());
}

std::string UnderWay::progress() const {
  const auto seconds = static_cast<double>(elapsed_ns()) / 1e9;
  return fmt::format(
      "{} runs{}, {:.0f} per second, {} failed in {} ways, {} schedules, {} outcomes", done_.runs,
      still_to_do(seconds), static_cast<double>(done_.runs) / seconds, done_.failed,
      done_.buckets.size(), done_.schedules.distinct(), done_.outcomes.distinct());
}

// Of how many, and how long it will take: as asked for, or at the rate so far.
std::string UnderWay::still_to_do(double seconds) const {
  std::string words;
  double left_s = -1;
  if (options_.runs != ~0ull) {
    const auto runs = runs_of(options_.shard, options_.runs);
    const auto seeds = done_.branching.roots;
    words = options_.branch == 0 ? fmt::format(" of {}", runs)
                                 : fmt::format(", {} of {} seeds", seeds, runs);
    if (seeds > 0) {
      left_s = seconds / static_cast<double>(seeds) * static_cast<double>(runs - seeds);
    }
  }
  if (options_.duration_ns != kNever) {
    const auto until_s = std::max(static_cast<double>(options_.duration_ns) / 1e9 - seconds, 0.0);
    left_s = left_s < 0 ? until_s : std::min(left_s, until_s);
  }
  if (left_s < 0) return words;
  return words + (left_s < 100 ? fmt::format(", {:.0f} s left", left_s)
                               : fmt::format(", {:.0f} min left", left_s / 60));
}

}  // namespace detsim
