#include "launcher/explore/one_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
  result.problem = view_->renew();
  if (!result.problem.empty()) result.refused = kExitFailed;
  options.view = view_;
}

KeptRun Runner::run(RunOptions options, const std::function<void(World&)>& look) {
  KeptRun run;
  unsigned crashes = 0;
  empty(output_);
  empty(error_);
  empty(words_fd_);
  const bool has_input = options.standard_input > STDERR_FILENO;
  if (!has_input) options.standard_input = input_;
  if (has_input) lseek(options.standard_input, 0, SEEK_SET);
  options.standard_output = output_;
  options.standard_error = error_;
  options.words = words_;
  options.announcement.clear();
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
  if (run.result.refused == 0) run.result = run_target(options);
  view_ = std::move(run.result.view);
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
  if (run.result.refused == 0)
    run.failure =
        judge(run.result, run.error.empty() ? run.output : run.error, run.facts, run.crash);
  return run;
}

}  // namespace detsim
