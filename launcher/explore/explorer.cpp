#include "launcher/explore/explorer.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <new>
#include <utility>

#include "launcher/explore/failure_directory.hpp"
#include "launcher/explore/results.hpp"
#include "launcher/explore/worker.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kWriteEvery = std::chrono::milliseconds(200);
constexpr auto kPatience = std::chrono::seconds(3);  // with what runs when it is asked to stop

volatile std::sig_atomic_t asked_to_stop = 0;
void ask_to_stop(int) { asked_to_stop = 1; }

struct Worker {
  pid_t pid = -1;
  int socket = -1;                   // -1: it has ended
  std::vector<std::string> of_seed;  // notes of branches: they count with the note of their seed
};

class Explorer {
 public:
  explicit Explorer(const ExploreOptions& options) : options_(options), began_(Clock::now()) {
    if (options.earlier == nullptr) return;
    done_ = options.earlier->done;
    began_ -= std::chrono::nanoseconds(done_.wall_ns);
  }

  Exploration explore() {
    auto* memory = mmap(nullptr, sizeof(SharedWork), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return refuse(std::strerror(errno));
    shared_ = new (memory) SharedWork;
    if (options_.earlier != nullptr && !go_on()) return refuse(done_.problem);
    asked_to_stop = 0;
    const auto old_int = std::signal(SIGINT, ask_to_stop);
    const auto old_term = std::signal(SIGTERM, ask_to_stop);
    if (start_workers()) {
      while (attend_workers()) {
      }
    }
    std::signal(SIGINT, old_int);
    std::signal(SIGTERM, old_term);
    if (options_.fork_server) done_.why_fresh = shared_->why_fresh;
    done_.branching.children_per_place = options_.branch;
    done_.branching.refused = shared_->why_unbranched;
    munmap(memory, sizeof(SharedWork));
    done_.wall_ns = elapsed_ns();
    progress(true);
    if (done_.refused == 0) {
      keep_lowest();
      judge_properties(options_, done_);
    }
    end_results();
    return std::move(done_);
  }

 private:
  bool go_on() {
    claim_kept(*shared_, done_);
    if (options_.until_failure && done_.failed > 0) shared_->stop = true;
    writer_ = ResultWriter::create(options_, true, done_.problem);
    return writer_ != nullptr;
  }

  std::string why_ended() const {
    if (done_.interrupted) return "interrupted";
    return options_.until_failure && done_.failed > 0 ? "failure" : "done";
  }

  void end_results() {
    if (writer_ == nullptr) return;
    if (const auto problem = writer_->end(why_ended(), done_.wall_ns); !problem.empty()) {
      say_line(problem);
    }
    writer_.reset();
  }

  // Which of several failing runs ends first is chance; the example is the one with the lowest
  // seed, so that reports are the same. One may have been lost when an exploration was killed.
  void keep_lowest() {
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

  static bool is_lowest(const Bucket& bucket) {
    return bucket.seed == bucket.lowest_seed && bucket.branch == bucket.lowest_branch;
  }

  void take_example(const KeptExample& example) {
    count(done_, example);
    if (writer_ != nullptr) writer_->add(example);
  }

  Exploration refuse(const std::string& problem) {
    done_.refused = kExitFailed;
    done_.problem = problem;
    return std::move(done_);
  }

  bool start_workers() {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    auto jobs = options_.jobs != 0 ? options_.jobs : static_cast<unsigned>(CPU_COUNT(&set));
    if (options_.runs < jobs) jobs = static_cast<unsigned>(options_.runs);
    std::fflush(nullptr);
    const pid_t explorer = getpid();
    for (unsigned i = 0; i < jobs; ++i) {
      int ends[2];
      if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) break;
      const pid_t pid = fork();
      if (pid == 0) {
        close(ends[0]);
        for (const auto& worker : workers_) close(worker.socket);
        work(options_, *shared_, i, ends[1], explorer);
      }
      close(ends[1]);
      if (pid < 0) {
        close(ends[0]);
        break;
      }
      workers_.push_back({.pid = pid, .socket = ends[0], .of_seed = {}});
    }
    if (!workers_.empty()) return true;
    refuse(fmt::format("cannot start a worker: {}", std::strerror(errno)));
    return false;
  }

  // Takes what the workers have to tell. False: all have ended.
  bool attend_workers() {
    std::vector<pollfd> ends;
    for (const auto& worker : workers_) ends.push_back({worker.socket, POLLIN, 0});
    poll(ends.data(), ends.size(), 200);
    bool lives = false;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (ends[i].revents != 0) take_notes(workers_[i]);
      lives = lives || workers_[i].socket >= 0;
    }
    watch_stop();
    progress(false);
    write_results();
    return lives;
  }

  // Often enough that an interruption loses little, and not a call for each run.
  void write_results() {
    if (writer_ == nullptr || Clock::now() - written_ < kWriteEvery) return;
    written_ = Clock::now();
    if (const auto problem = writer_->flush(); !problem.empty()) say_line(problem);
  }

  void take_notes(Worker& worker) {
    for (;;) {
      const auto got = recv(worker.socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got < static_cast<ssize_t>(sizeof(RunNote))) break;
      take_group(worker, std::string(buffer_.data(), static_cast<std::size_t>(got)));
    }
    close(worker.socket);
    worker.socket = -1;
    int status = 0;
    waitpid(worker.pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    if (asked_workers_ && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return;
    if (done_.refused == 0)
      refuse("a worker ended in the middle of a run; this is a bug in detsim");
    shared_->stop = true;
  }

  static RunNote note_in(const std::string& packet) {
    RunNote note;
    std::memcpy(&note, packet.data(), sizeof note);
    return note;
  }

  void take_group(Worker& worker, const std::string& packet) {
    worker.of_seed.push_back(packet);
    if (!note_in(packet).branch.is_root()) return;
    for (const auto& each : std::exchange(worker.of_seed, {})) take_note(each);
  }

  void take_note(const std::string& packet) {
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
      take_example(
          {record.failure, record.seed, record.branch, record.strategy, texts[3], texts[4]});
      if (!options_.quiet) {
        say_line(fmt::format("{}: {}", name_of_run(note.seed, note.branch), texts[1]));
      }
    }
  }

  // Results that are there are replaced when the first run has ended: not by a command that cannot
  // be run.
  void write_down(const RunRecord& record) {
    if (done_.runs == 1 && writer_ == nullptr) {
      std::string problem;
      writer_ = ResultWriter::create(options_, false, problem);
      if (writer_ == nullptr) say_line(problem + "; the runs are not written down");
    }
    if (writer_ != nullptr) writer_->add(record);
  }

  RunRecord record_of(const RunNote& note) const {
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

  std::uint64_t elapsed_ns() const {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_).count());
  }

  // What runs may come to its end, but not for ever.
  void watch_stop() {
    if (asked_to_stop != 0) {
      done_.interrupted = true;
      shared_->stop = true;
    }
    if (!done_.interrupted) return;
    if (stopping_ == Clock::time_point{}) stopping_ = Clock::now();
    if (Clock::now() - stopping_ < kPatience) return;
    // A target may ignore SIGTERM. The kernel and a guardian (guardian.hpp) end it with its worker.
    const int number = asked_workers_ ? SIGKILL : SIGTERM;
    for (const auto& worker : workers_) {
      if (worker.socket >= 0) kill(worker.pid, number);
    }
    asked_workers_ = true;
    stopping_ = Clock::now();
  }

  // One line that is written over on a terminal; elsewhere one every so often.
  void progress(bool last) {
    if (options_.quiet) return;
    const bool terminal = isatty(2) == 1;
    const auto every = terminal ? std::chrono::milliseconds(200) : std::chrono::seconds(10);
    if (!last && Clock::now() - said_ < every) return;
    if (last && !terminal) return;
    said_ = Clock::now();
    const auto seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    const auto line = fmt::format(
        "{} runs{}, {:.0f} per second, {} failed in {} ways, {} schedules, {} outcomes", done_.runs,
        still_to_do(seconds), static_cast<double>(done_.runs) / seconds, done_.failed,
        done_.buckets.size(), done_.schedules.distinct(), done_.outcomes.distinct());
    if (terminal) {
      fmt::print(stderr, "\r\033[Kdetsim: {}{}", line, last ? "\n" : "");
      std::fflush(stderr);
    } else {
      say(line);
    }
  }

  // Of how many, and how long it will take: as asked for, or at the rate so far.
  std::string still_to_do(double seconds) const {
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

  static void say_line(const std::string& words) {
    if (isatty(2) == 1) fmt::print(stderr, "\r\033[K");
    say(words);
  }

  const ExploreOptions& options_;
  Clock::time_point began_, said_ = Clock::now(), written_ = Clock::now(), stopping_{};
  SharedWork* shared_ = nullptr;
  std::vector<Worker> workers_;
  std::vector<char> buffer_ = std::vector<char>(kNoteBytesMax);
  std::unique_ptr<ResultWriter> writer_;
  bool asked_workers_ = false;  // to end what they run
  Exploration done_;
};

}  // namespace

void mix_strategy(RunOptions& run) {
  static const std::vector<StrategyChoice> kMix = [] {
    std::vector<StrategyChoice> mix;
    for (const auto* name : {"random", "pct:2", "pct:3", "pos", "surw"}) {
      mix.push_back(parse_strategy(name).value);
    }
    return mix;
  }();
  const auto& choice = kMix[mix64(run.seed) % kMix.size()];
  run.strategy = choice.index;
  run.strategy_parameter = choice.parameter;
}

Exploration explore(const ExploreOptions& options) { return Explorer(options).explore(); }

}  // namespace detsim
