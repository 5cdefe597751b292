#include "launcher/explore/explorer.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <new>

#include "launcher/explore/worker.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::seconds(3);  // with what runs when it is asked to stop

volatile std::sig_atomic_t asked_to_stop = 0;
void ask_to_stop(int) { asked_to_stop = 1; }

struct Worker {
  pid_t pid = -1;
  int socket = -1;  // -1: it has ended
};

class Explorer {
 public:
  explicit Explorer(const ExploreOptions& options) : options_(options), began_(Clock::now()) {}

  Exploration explore() {
    auto* memory = mmap(nullptr, sizeof(SharedWork), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return refuse(std::strerror(errno));
    shared_ = new (memory) SharedWork;
    asked_to_stop = 0;
    const auto old_int = std::signal(SIGINT, ask_to_stop);
    const auto old_term = std::signal(SIGTERM, ask_to_stop);
    if (start_workers()) {
      while (attend_workers()) {
      }
    }
    std::signal(SIGINT, old_int);
    std::signal(SIGTERM, old_term);
    munmap(memory, sizeof(SharedWork));
    done_.wall_ns = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_).count());
    progress(true);
    return std::move(done_);
  }

 private:
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
    for (unsigned i = 0; i < jobs; ++i) {
      int ends[2];
      if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) break;
      const pid_t pid = fork();
      if (pid == 0) {
        close(ends[0]);
        for (const auto& worker : workers_) close(worker.socket);
        work(options_, *shared_, i, ends[1]);
      }
      close(ends[1]);
      if (pid < 0) {
        close(ends[0]);
        break;
      }
      workers_.push_back({pid, ends[0]});
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
    return lives;
  }

  void take_notes(Worker& worker) {
    char buffer[kNoteBytesMax];
    for (;;) {
      const auto got = recv(worker.socket, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got < static_cast<ssize_t>(sizeof(RunNote))) break;
      take_note(std::string(buffer, static_cast<std::size_t>(got)));
    }
    close(worker.socket);
    worker.socket = -1;
    int status = 0;
    waitpid(worker.pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    if (done_.refused == 0)
      refuse("a worker ended in the middle of a run; this is a bug in detsim");
    shared_->stop = true;
  }

  void take_note(const std::string& packet) {
    RunNote note;
    std::memcpy(&note, packet.data(), sizeof note);
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
    ++done_.runs;
    done_.schedules.add(note.schedule_hash);
    done_.outcomes.add(note.outcome_hash);
    if (note.failed && texts.size() == 5) take_failure(note, texts);
  }

  void take_failure(const RunNote& note, const std::vector<std::string>& texts) {
    ++done_.failed;
    auto& bucket = done_.buckets[texts[2]];
    const bool is_kept = !texts[3].empty() || !texts[4].empty();
    if (bucket.count++ == 0 || is_kept) {
      bucket.failure = {texts[0], texts[1], texts[2]};
      bucket.seed = note.seed;
      auto run = options_.run;
      run.seed = note.seed;
      if (options_.mixes) mix_strategy(run);
      run.strategy_length = note.strategy_length;
      bucket.strategy = strategy_of(run);
    }
    if (is_kept) {
      bucket.directory = texts[3];
      bucket.problem = texts[4];
      if (!options_.quiet) {
        say_line(fmt::format("seed {}: {}", note.seed, texts[1]));
      }
    }
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
    for (const auto& worker : workers_) {
      if (worker.socket >= 0) kill(worker.pid, SIGTERM);
    }
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
    std::string of;
    if (options_.runs != ~0ull) of = fmt::format(" of {}", options_.runs);
    if (options_.duration_ns != kNever) {
      const auto left = static_cast<double>(options_.duration_ns) / 1e9 - seconds;
      of += fmt::format(", {:.0f} s left", left > 0 ? left : 0.0);
    }
    const auto line =
        fmt::format("{}{} runs, {:.0f} per second, {} failed, {} schedules, {} outcomes",
                    done_.runs, of, static_cast<double>(done_.runs) / seconds, done_.failed,
                    done_.schedules.distinct(), done_.outcomes.distinct());
    if (terminal) {
      fmt::print(stderr, "\r\033[Kdetsim: {}{}", line, last ? "\n" : "");
      std::fflush(stderr);
    } else {
      say(line);
    }
  }

  static void say_line(const std::string& words) {
    if (isatty(2) == 1) fmt::print(stderr, "\r\033[K");
    say(words);
  }

  const ExploreOptions& options_;
  Clock::time_point began_, said_ = Clock::now(), stopping_{};
  SharedWork* shared_ = nullptr;
  std::vector<Worker> workers_;
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
