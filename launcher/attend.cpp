// One thread, one place to sleep: the world's outcome_word. The run moves it when it wants
// something, signal handlers move it when a child ended or the launcher shall end; beyond that
// the launcher wakes up some ten to fifty times a second to see whether a process that the run
// counts on ended without its shim's doing (SIGKILL from outside, a loader that found no library),
// which no signal tells about when it is a grandchild; and up to a hundred times a second, for
// the watchdog, to see whether a task spins.
#include "launcher/attend.hpp"

#include <fmt/format.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <string>

#include "launcher/children.hpp"
#include "launcher/guardian.hpp"
#include "launcher/handover.hpp"
#include "launcher/report.hpp"
#include "launcher/say.hpp"
#include "launcher/watchdog.hpp"
#include "scheduler/park.hpp"
#include "scheduler/spin_words.hpp"

namespace detsim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kFirstTick_ns = 20000000;
constexpr std::uint64_t kTick_ns = 100000000;
constexpr std::uint64_t kHeed_ns = 2000000000;
constexpr unsigned kTicksPerRound = 10;  // all processes are looked at every so many ticks

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
          .count());
}

class Attendant {
 public:
  Attendant(const RunOptions& options, pid_t root, const SignalWatch& signals, TraceWriter* trace,
            RunResult& result)
      : options_(options),
        root_(root),
        signals_(signals),
        trace_(trace),
        result_(result),
        began_ns_(now_ns()),
        next_tick_ns_(began_ns_ + kFirstTick_ns) {}

  Attended attend(std::size_t parked) {
    do {
      over_ = false;
      if (serve(parked) == Attended::parked) return Attended::parked;
      result_.outside_signal = signals_.asked_to_end();
      result_.outcome = result_.ended_by_signal != 0 ? Outcome::failed : world().outcome;
      report();
    } while (goes_on());
    end();
    return Attended::ended;
  }

 private:
  Attended serve(std::size_t parked) {
    while (!over_) {
      const auto word = __atomic_load_n(&world().outcome_word, __ATOMIC_SEQ_CST);
      guard();
      serve_request();
      watch_root();
      if (!over_ && __atomic_load_n(&park_control().used, __ATOMIC_SEQ_CST) != parked) {
        return Attended::parked;
      }
      watch_signals();
      watch_outcome();
      watch_limits();
      watch_spinning();
      if (!over_) sleep(word);
    }
    return Attended::ended;
  }

  // Whoever looked at it, a debugger, may have let it go on.
  bool goes_on() const {
    return result_.outcome == Outcome::stopped && world().outcome != Outcome::stopped;
  }

  void guard() {
    const auto& w = world();
    if (!guardian_.started() && w.processes_used > 1) guardian_.start(w.config.world_fd);
  }

  void serve_request() {
    auto& w = world();
    if (w.request == Request::none) return;
    if (w.request == Request::drain) drain();
    if (w.request == Request::say && said_.insert(w.message).second) say(w.message, words());
    if (w.request == Request::world) {
      send_world(static_cast<pid_t>(w.running_real_pid), w.request_fd);
    }
    if (w.request == Request::crash) look_at_crash();
    auto served = Request::none;
    __atomic_store(&w.request, &served, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&w.answer_word, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &w.answer_word, FUTEX_WAKE, INT32_MAX, nullptr, nullptr, 0);
  }

  void look_at_crash() {
    if (options_.look_at_crash) return options_.look_at_crash(world());
    result_.crash = json_of(gather_crash(world()));
  }

  void drain() {
    if (trace_ != nullptr) trace_->drain(world().trace);
  }

  // A process that stands at its start again ends no more.
  bool stands_again() const {
    return __atomic_load_n(&park_control().rewound.real_pid, __ATOMIC_SEQ_CST) == root_;
  }

  void watch_root() {
    if (stands_again()) {
      over_ = true;
    } else if (const auto status = reap(root_)) {
      note_root(*status);
    }
  }

  // The target's own status is what the run says of its root process; the kernel's is what shows
  // when it ended in another way: before the shim was there, or killed from outside.
  void note_root(std::uint32_t status) {
    auto& w = world();
    over_ = true;
    if (w.outcome != Outcome::running) return;
    w.outcome = Outcome::finished;
    w.root_status = status;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (WIFSIGNALED(status) && signals_.asked_to_end() == static_cast<int>(WTERMSIG(status))) {
      return;  // it came before the shim was there to take it
    } else if (WIFSIGNALED(status)) {
      say(fmt::format("the program was killed from outside of the run, by signal {}",
                      WTERMSIG(status)),
          words());
    } else if (w.scheduler.tasks_used != 0 && w.processes[0].exec_pending) {
      // The loader of a new image found something missing, and said so.
      if (code != kExitNotFound) fail("a program was executed, and libdetsim.so was not preloaded");
    } else if (w.scheduler.tasks_used != 0) {
      fail("the program ended without detsim's doing");
    } else if (code == kExitFailed) {
      w.outcome = Outcome::failed;  // the shim has said why
    } else if (code != kExitNotFound) {
      // 127 is ld.so's when a library of the program is missing, natively too.
      fail("the program ended before detsim was in place: libdetsim.so could not be preloaded");
    }
  }

  // The run takes signals at its next entry. One that does not come to it within a while is
  // ended: the program had no chance to say how.
  void watch_signals() {
    if (over_) return;
    if (signals_.take_stop()) stop_together();
    const auto set = signals_.take_to_pass_on();
    result_.was_signalled = result_.was_signalled || set != 0;
    for (int number = 1; number <= 64; ++number) {
      if ((set >> (number - 1) & 1) != 0) kill(root_, number);
    }
    result_.outside_signal = signals_.asked_to_end();
    if (result_.outside_signal == 0) return;
    if (asked_ns_ == 0) asked_ns_ = now_ns();
    const bool taken = __atomic_load_n(&world().outside_noted, __ATOMIC_SEQ_CST) == 0;
    if (taken && asked_ns_ + kHeed_ns < now_ns()) asked_ns_ = kNever;
    if (!taken && asked_ns_ != kNever && asked_ns_ + kHeed_ns < now_ns()) {
      result_.ended_by_signal = result_.outside_signal;
      over_ = true;
    }
  }

  // Ctrl-Z, as if launcher and run were one program. Virtual time knows nothing of it.
  void stop_together() {
    const auto began = now_ns();
    const auto each = [this](int number) {
      kill(root_, number);
      const auto& w = world();
      for (std::uint32_t i = 0; i < w.processes_used; ++i) {
        const auto& process = w.processes[i];
        const bool there = process.state == ProcessState::live && process.real_pid > 0;
        if (there && process.real_pid != root_) kill(process.real_pid, number);
      }
    };
    each(SIGSTOP);
    raise(SIGSTOP);
    each(SIGCONT);
    began_ns_ += now_ns() - began;
  }

  // Somebody may be waiting in the kernel, or computing without a call.
  void nudge() {
    const auto& w = world();
    const auto holder = static_cast<pid_t>(w.running_real_pid);
    if (__atomic_load_n(&w.outside_noted, __ATOMIC_SEQ_CST) != 0 && holder > 0) {
      kill(holder, kNudgeSignal);
      result_.was_signalled = true;
    }
  }

  void watch_outcome() {
    const auto outcome = static_cast<Outcome>(__atomic_load_n(
        reinterpret_cast<const std::uint32_t*>(&world().outcome), __ATOMIC_SEQ_CST));
    // A run that finished is over when its root process is gone.
    if (over_ || outcome == Outcome::running || outcome == Outcome::finished) return;
    over_ = true;
  }

  void watch_limits() {
    if (over_) return;
    if (options_.wall_limit_ns != kNever && now_ns() - began_ns_ >= options_.wall_limit_ns) {
      world().outcome = Outcome::wall_timeout;
      over_ = true;
    } else if (now_ns() >= next_tick_ns_) {
      set_next_tick();
      watch_processes();
      nudge();
    }
  }

  // Soon again when the run made no progress, which may mean that nobody is there to make any.
  void set_next_tick() {
    const auto entered = __atomic_load_n(&world().entered, __ATOMIC_RELAXED);
    tick_ns_ = entered == entered_ ? std::min(2 * tick_ns_, kTick_ns) : kFirstTick_ns;
    entered_ = entered;
    next_tick_ns_ = now_ns() + tick_ns_;
  }

  // A process that died holding the baton is seen within milliseconds when the run stands still,
  // one that waits for its turn within a second.
  void watch_processes() {
    auto& w = world();
    if (w.outcome != Outcome::running || w.scheduler.tasks_used == 0) return;
    const auto runner = static_cast<pid_t>(w.running_real_pid);
    const bool is_dead = runner > 0 && !is_alive(runner);
    // Still the same one: not one that handed over and ended.
    if (is_dead && static_cast<pid_t>(w.running_real_pid) == runner) {
      if (runner != root_) replace(runner);
    } else if (++ticks_ % kTicksPerRound == 0) {
      watch_waiting();
    }
  }

  // Processes that wait for their turn: whoever has the baton buries a dead one.
  void watch_waiting() {
    auto& w = world();
    for (std::uint32_t i = 0; i < w.processes_used && w.lost_process == 0; ++i) {
      const auto& process = w.processes[i];
      if (!counts(process) || is_alive(process.real_pid)) continue;
      // Twice in a row: not one whose end is just being written down.
      if (process.real_pid == lost_ && counts(process)) note_lost(process);
      lost_ = process.real_pid;
      return;
    }
    lost_ = 0;
  }

  bool counts(const Process& process) const {
    return process.state == ProcessState::live && process.real_pid > 0 &&
           process.real_pid != root_ && process.real_pid != world().departing;
  }

  void note_lost(const Process& process) {
    auto& w = world();
    const auto status = status_of_dead(process.real_pid).value_or(SIGKILL);
    // A loader that did not find its libraries says so itself.
    if (!process.exec_pending) {
      say(fmt::format("process {} of the run was killed from outside, by signal {}", process.pid,
                      status & 0x7f),
          words());
    }
    w.lost_status = status;
    __atomic_store_n(&w.lost_process, process.index + 1, __ATOMIC_SEQ_CST);
  }

  // Hands the baton of a dead process to a live one, which goes on from there.
  void replace(pid_t dead) {
    auto& w = world();
    Process* heir = nullptr;
    const Process* lost = nullptr;
    for (std::uint32_t i = 0; i < w.processes_used; ++i) {
      auto& process = w.processes[i];
      if (process.state != ProcessState::live || process.real_pid <= 0) continue;
      if (process.real_pid == dead) {
        lost = &process;
      } else if (heir == nullptr && is_alive(process.real_pid)) {
        heir = &process;
      }
    }
    if (lost == nullptr || heir == nullptr) {
      fail(fmt::format("process {} ended without detsim's doing", dead));
      return;
    }
    note_lost(*lost);
    w.running_real_pid = static_cast<std::uint32_t>(heir->real_pid);
    __atomic_store_n(&heir->baton, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &heir->baton, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }

  void watch_spinning() {
    if (over_ || world().outcome != Outcome::running || now_ns() < next_look_ns_) return;
    next_look_ns_ = now_ns() + watchdog_.look(world());
  }

  void fail(const std::string& words_for_it) {
    auto& w = world();
    w.outcome = Outcome::failed;
    std::copy_n(words_for_it.c_str(), std::min(words_for_it.size() + 1, sizeof w.message),
                w.message);
    say(words_for_it, words());
    said_why_ = true;
    over_ = true;
  }

  void sleep(std::uint32_t word) {
    auto until_ns = std::min(next_tick_ns_, next_look_ns_);
    if (options_.wall_limit_ns != kNever) {
      until_ns = std::min(until_ns, began_ns_ + options_.wall_limit_ns);
    }
    const auto now = now_ns();
    const auto wait_ns = until_ns > now ? until_ns - now : 0;
    const timespec timeout{.tv_sec = static_cast<time_t>(wait_ns / 1000000000),
                           .tv_nsec = static_cast<long>(wait_ns % 1000000000)};
    syscall(SYS_futex, &world().outcome_word, FUTEX_WAIT, word, &timeout, nullptr, 0);
  }

  void end() {
    const auto& w = world();
    if (result_.outcome == Outcome::finished) {
      result_.status = w.root_status;
      result_.left_over = count_left_over();
    }
    result_.was_signalled = result_.was_signalled || watchdog_.has_asked();
    if (!stands_again()) kill_all(root_);
    drain();
    result_.trace_hash = w.trace.hash;
    result_.events = w.trace.count;
    result_.virtual_ns = w.scheduler.now_ns;
    result_.calls = w.entered;
  }

  // Says what there is to say while the processes exist.
  void report() {
    const auto outcome = result_.outcome;
    if (outcome == Outcome::wall_timeout) {
      stop_and_wait(static_cast<pid_t>(world().running_real_pid));
    }
    const bool says_why = outcome == Outcome::failed || outcome == Outcome::property_failed;
    if (says_why && !said_why_ && world().message[0] != 0) {
      say(world().message, words());
    }
    const bool is_stop = outcome == Outcome::deadlock || outcome == Outcome::virtual_timeout ||
                         outcome == Outcome::wall_timeout || outcome == Outcome::stopped ||
                         outcome == Outcome::output_limit;
    if (is_stop && options_.look) {
      options_.look(world(), outcome);
    } else if (is_stop) {
      const auto facts = gather(world(), outcome);
      print_report(facts, words());
      if (!options_.report_path.empty()) result_.stop = json_of(facts);
    }
  }

  std::uint32_t count_left_over() const {
    const auto& w = world();
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < w.processes_used; ++i) {
      const auto& process = w.processes[i];
      if (process.state == ProcessState::live && process.real_pid != root_) ++count;
    }
    return count;
  }

  std::FILE* words() const { return options_.words == nullptr ? stderr : options_.words; }

  const RunOptions& options_;
  const pid_t root_;
  const SignalWatch& signals_;
  TraceWriter* trace_;
  RunResult& result_;
  std::uint64_t began_ns_;      // moved on by the time that all of it was stopped
  std::uint64_t asked_ns_ = 0;  // when it was asked to end; kNever: it knows
  std::uint64_t next_tick_ns_;
  std::uint64_t tick_ns_ = kFirstTick_ns;
  std::uint64_t entered_ = 0;
  std::uint64_t next_look_ns_ = 0;
  Watchdog watchdog_;
  Guardian guardian_;
  unsigned ticks_ = 0;
  pid_t lost_ = 0;
  std::set<std::string> said_;  // on behalf of the run: each line once
  bool over_ = false;
  bool said_why_ = false;
};

}  // namespace

Attended attend(const RunOptions& options, pid_t root, const SignalWatch& signals,
                TraceWriter* trace, RunResult& result, std::size_t parked) {
  Attendant attendant(options, root, signals, trace, result);
  try {
    return attendant.attend(parked);
  } catch (...) {
    // Before the guardian sees its pipe end: it would take this process with the others, which
    // could not say any more what happened.
    kill_all(root);
    throw;
  }
}

}  // namespace detsim
