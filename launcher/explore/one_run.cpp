#include "launcher/explore/one_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "launcher/report.hpp"
#include "trace/format.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kDiskBytes = 512u << 20;
constexpr unsigned kCrashesMax = 16;  // are looked at: a run may let its processes crash
constexpr std::size_t kKeptBytesMax = 64u << 20;
// Fork servers of one runner: each had to go since the files were put back that it stood on.
constexpr std::uint64_t kVerified = 1024;
constexpr unsigned kServersMax = 8;
// Shorter runs are done as fast from their beginning.
constexpr std::uint64_t kDecisionsMin = 100, kEventsMin = 1000;

// Whether nobody but the program and its seed had a hand in how it ended.
bool is_of_the_seed(const RunResult& result) {
  return result.refused == 0 && result.outside_signal == 0 &&
         result.outcome != Outcome::wall_timeout;
}

bool is_same(const KeptRun& a, const KeptRun& b) {
  return a.result.trace_hash == b.result.trace_hash && a.result.events == b.result.events &&
         a.result.schedule_hash == b.result.schedule_hash &&
         exit_code_of(a.result) == exit_code_of(b.result) && a.output == b.output &&
         a.error == b.error;
}

std::string take_all(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || status.st_size <= 0) return "";
  std::string text(std::min(static_cast<std::size_t>(status.st_size), kKeptBytesMax), '\0');
  const auto got = pread(fd, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

void empty(int fd) {
  if (ftruncate(fd, 0) == 0) lseek(fd, 0, SEEK_SET);
}

}  // namespace

Runner::Runner() {
  input_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  output_ = memfd_create("detsim-output", MFD_CLOEXEC);
  error_ = memfd_create("detsim-error", MFD_CLOEXEC);
  words_fd_ = memfd_create("detsim-words", MFD_CLOEXEC);
  if (words_fd_ >= 0) words_ = fdopen(words_fd_, "w");
  if (input_ < 0 || output_ < 0 || error_ < 0 || words_ == nullptr) {
    problem_ = fmt::format("cannot make files in memory: {}", std::strerror(errno));
  }
}

Runner::~Runner() {
  for (const int fd : {input_, output_, error_}) {
    if (fd >= 0) close(fd);
  }
  if (words_ != nullptr) std::fclose(words_);
}

// One view for all runs that want the same directories: a run gets it as it was made.
void Runner::take_view(RunOptions& options, RunResult& result) {
  if (options.private_directories.empty() || options.view != nullptr) return;
  take_place_in_memory(options.limits.disk_bytes != 0 ? options.limits.disk_bytes : kDiskBytes);
  const bool fits = options.private_directories == viewed_ && options.command == command_;
  if (view_ == nullptr || !fits) {
    view_.reset();
    viewed_ = options.private_directories;
    command_ = options.command;
    return;
  }
  // A server that keeps the files puts them back itself.
  const bool is_kept = may_branch_ && server_ != nullptr;
  if (!is_kept && !is_view_unchanged_) result.problem = view_->renew();
  if (!result.problem.empty()) result.refused = kExitFailed;
  options.view = view_;
}

void Runner::start_server(RunOptions& options) {
  if (servers_++ == kServersMax) {
    why_fresh_ = "each changes files that it has a copy of";
    return;
  }
  server_ = ForkServer::start(options, why_fresh_, may_branch_);
  clear_outputs();
  if (server_ == nullptr && why_fresh_.empty()) why_fresh_ = "it cannot be started";
  if (server_ == nullptr) return;
  options.view = server_->view();
  server_->rewind_copies(may_rewind_ && why_not_rewound_.empty());
}

RunResult Runner::run_somehow(RunOptions& options) {
  const bool is_kept = may_branch_ || is_view_unchanged_;
  if (server_ != nullptr && !is_kept && server_->is_stale()) server_.reset();
  is_view_unchanged_ = false;
  if (may_serve_ && server_ == nullptr && why_fresh_.empty()) start_server(options);
  if (server_ == nullptr) return run_target(options);
  if (!starts_anew_ && server_->serves(options)) {
    auto result = parks_.empty() ? server_->run(options) : server_->run_and_park(options, parks_);
    is_view_unchanged_ = !may_branch_ && result.refused == 0 && server_->left_view_alone();
    if (result.refused == 0) return result;
    why_fresh_ = result.problem;
    server_.reset();
    clear_outputs();
    return run_target(options);
  }
  RunResult result;
  if (may_branch_) result.problem = server_->put_back_files();
  if (!result.problem.empty()) result.refused = kExitFailed;
  if (result.refused != 0) return result;
  server_->leave_world();
  result = run_target(options);
  server_->enter_world();
  return result;
}

// The places are made by a run of its own.
void Runner::branch_along(RunOptions options, std::uint64_t decisions) {
  if (server_ == nullptr || !why_no_branches_.empty()) return;
  if (decisions < kDecisionsMin && last_events_ < kEventsMin) return;
  clear_outputs();
  use_own_streams(options);
  RunResult result;
  take_view(options, result);
  if (result.refused == 0 && !server_->is_stale() && server_->serves(options)) {
    why_no_branches_ = server_->branch_along(options, decisions);
    is_view_unchanged_ = server_->left_view_alone();
  }
}

KeptRun Runner::run_and_park(const RunOptions& options, std::vector<std::uint64_t> decisions,
                             std::vector<std::uint64_t>& places) {
  parks_ = std::move(decisions);
  auto kept = run(options);
  parks_.clear();
  places = server_ == nullptr ? std::vector<std::uint64_t>{} : server_->places();
  why_no_branches_ = server_ == nullptr ? why_fresh_ : server_->why_no_place();
  return kept;
}

void Runner::drop_places() {
  if (server_ != nullptr) server_->drop_places();
}

void Runner::use_own_streams(RunOptions& options) {
  const bool has_input = options.standard_input > STDERR_FILENO;
  if (!has_input) options.standard_input = input_;
  if (has_input) lseek(options.standard_input, 0, SEEK_SET);
  options.standard_output = output_;
  options.standard_error = error_;
  options.words = words_;
  options.announcement.clear();
}

void Runner::clear_outputs() {
  empty(output_);
  empty(error_);
  empty(words_fd_);
}

// The first, the fourth, the sixteenth and so on; later, one in so many.
bool Runner::is_to_verify() const {
  if (server_ == nullptr || !server_->was_rewound()) return false;
  const auto count = server_->rewound_runs();
  return std::has_single_bit(count) ? (std::countr_zero(count) & 1) == 0 : count % kVerified == 0;
}

KeptRun Runner::run(const RunOptions& options, const std::function<void(World&)>& look) {
  auto run = run_once(options, look);
  if (!is_to_verify() || run.result.refused != 0) return run;
  starts_anew_ = true;
  auto anew = run_once(options, look);
  starts_anew_ = false;
  const bool tells = is_of_the_seed(run.result) && is_of_the_seed(anew.result);
  if (!tells || is_same(run, anew)) return run;
  why_not_rewound_ = fmt::format("the run of seed {} was another one anew", options.seed);
  server_->rewind_copies(false);
  return anew;
}

KeptRun Runner::run_once(RunOptions options, const std::function<void(World&)>& look) {
  KeptRun run;
  unsigned crashes = 0;
  clear_outputs();
  use_own_streams(options);
  options.look = [&](World& w, Outcome outcome) {
    run.facts = gather(w, outcome);
    print_report(*run.facts, words_);
    if (look) look(w);
  };
  options.look_at_crash = [&](World& w) {
    if (crashes++ < kCrashesMax) run.crash = gather_crash(w);
  };
  options.returns_view = true;
  take_view(options, run.result);
  const auto began = std::chrono::steady_clock::now();
  const auto served = [this] { return server_ == nullptr ? 0 : server_->spared_events(); };
  const auto spared = served();
  if (run.result.refused == 0) run.result = run_somehow(options);
  executed_events_ += run.result.events - (served() > spared ? served() - spared : 0);
  view_ = std::move(run.result.view);
  last_events_ = run.result.events;
  run.wall_ns = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - began)
          .count());
  if (run.facts) run.result.stop = json_of(*run.facts);
  if (run.crash) {
    print_crash(*run.crash, words_);
    run.result.crash = json_of(*run.crash);
  }
  std::fflush(words_);
  run.output = take_all(output_);
  run.error = take_all(error_);
  run.words = take_all(words_fd_);
  output_digest_ = check_sum(run.output.data(), run.output.size());
  if (run.result.refused != 0) return run;
  const bool is_in_output =
      run.error.empty() || (exit_code_of(run.result) != 0 && tells_of_assertion(run.output));
  run.failure = judge(run.result, is_in_output ? run.output : run.error, run.facts, run.crash);
  return run;
}

}  // namespace detsim
