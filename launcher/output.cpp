#include "launcher/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "launcher/descriptors.hpp"

namespace detsim {
namespace {

constexpr std::size_t kShownMax = 80;  // of a line that is shown, before and behind the difference

bool are_one_file(int a, int b) {
  struct stat x {
  }, y{};
  return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

}  // namespace

OutputStream::OutputStream(std::string name, int passed_to, const std::string& directory)
    : name_(std::move(name)), passed_to_(passed_to), copy_(nameless_file(directory)) {}

OutputStream::~OutputStream() {
  if (reader_.joinable()) end();
  if (copy_ >= 0) close(copy_);
}

int OutputStream::begin(bool compares) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  read_end_ = ends[0];
  write_end_ = ends[1];
  compares_ = compares;
  run_bytes_ = 0;
  differs_at_ = ~0ull;
  shown_.clear();
  before_bytes_ = 0;
  shown_whole_ = false;
  reader_ = std::thread([this] { take_all(); });
  return write_end_;
}

std::optional<OutputDifference> OutputStream::end() {
  if (!reader_.joinable()) return std::nullopt;
  close(write_end_);
  reader_.join();
  close(read_end_);
  if (!compares_) return std::nullopt;
  if (runs_++ == 0) {
    first_bytes_ = run_bytes_;
    return std::nullopt;
  }
  // One is the beginning of the other.
  if (differs_at_ == ~0ull && run_bytes_ != first_bytes_) {
    differs_at_ = std::min(run_bytes_, first_bytes_);
  }
  if (differs_at_ == ~0ull) return std::nullopt;
  return OutputDifference{
      .stream = name_,
      .byte = differs_at_,
      .line = lines_before(differs_at_) + 1,
      .first = kept_text(differs_at_ - before_bytes_, before_bytes_ + kShownMax),
      .other = shown_};
}

void OutputStream::take_all() {
  block_signals_here();
  std::vector<char> buffer(1 << 16);
  for (;;) {
    const auto n = read(read_end_, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    const auto bytes = static_cast<std::size_t>(n);
    if (!compares_) continue;
    if (runs_ == 0) {
      // Somebody who stops listening must not end the comparison.
      if (!passing_failed_) passing_failed_ = !write_all(passed_to_, buffer.data(), bytes);
      keep(buffer.data(), bytes);
    } else {
      compare(buffer.data(), bytes);
    }
    run_bytes_ += bytes;
  }
}

void OutputStream::keep(const char* data, std::size_t bytes) {
  if (kept_bytes_ != run_bytes_) return;  // the disk was full before
  std::size_t done = 0;
  while (done < bytes) {
    const auto n = pwrite(copy_, data + done, bytes - done, static_cast<off_t>(kept_bytes_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
    kept_bytes_ += static_cast<std::uint64_t>(n);
  }
}

void OutputStream::compare(const char* data, std::size_t bytes) {
  char kept[4096];
  std::size_t at = 0;
  while (differs_at_ == ~0ull && at < bytes && run_bytes_ + at < kept_bytes_) {
    const auto n =
        pread(copy_, kept, std::min(sizeof kept, bytes - at), static_cast<off_t>(run_bytes_ + at));
    if (n <= 0) break;
    const auto* from = data + at;
    const auto [mine, other] = std::mismatch(kept, kept + n, from);
    const auto same = static_cast<std::size_t>(mine - kept);
    remember(from, same);
    if (mine != kept + n) differs_at_ = run_bytes_ + at + same;
    at += same;
  }
  if (differs_at_ == ~0ull) return remember(data + at, bytes - at);
  const auto* line_end = std::find(data + at, data + bytes, '\n');
  const auto rest = std::min(static_cast<std::size_t>(line_end - (data + at)),
                             kShownMax - std::min(kShownMax, shown_.size() - before_bytes_));
  if (!shown_whole_) shown_.append(data + at, rest);
  shown_whole_ = shown_whole_ || line_end != data + bytes;
}

// The end of the line that is being written, as long as nothing differs.
void OutputStream::remember(const char* data, std::size_t bytes) {
  std::string_view text(data, bytes);
  const auto last = text.rfind('\n');
  if (last != text.npos) {
    shown_.clear();
    text.remove_prefix(last + 1);
  }
  shown_ += text.substr(text.size() - std::min(text.size(), kShownMax));
  if (shown_.size() > kShownMax) shown_.erase(0, shown_.size() - kShownMax);
  before_bytes_ = shown_.size();
}

std::string OutputStream::kept_text(std::uint64_t from, std::size_t bytes) const {
  std::string text(bytes, 0);
  const auto n = pread(copy_, text.data(), text.size(), static_cast<off_t>(from));
  text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return text.substr(0, text.find('\n'));
}

// How many lines of the first run end before this byte.
std::uint64_t OutputStream::lines_before(std::uint64_t byte) const {
  std::uint64_t lines = 0;
  char data[4096];
  for (std::uint64_t at = 0; at < byte;) {
    const auto n =
        pread(copy_, data, std::min<std::uint64_t>(sizeof data, byte - at), static_cast<off_t>(at));
    if (n <= 0) break;
    lines += static_cast<std::uint64_t>(std::count(data, data + n, '\n'));
    at += static_cast<std::uint64_t>(n);
  }
  return lines;
}

Outputs::Outputs(const std::string& directory)
    : are_one_(are_one_file(1, 2)),
      output_(are_one_ ? "output" : "standard output", 1, directory),
      error_("standard error", 2, directory) {}

Outputs::Descriptors Outputs::begin(bool compares) {
  const int output = output_.begin(compares);
  return {.output = output, .error = are_one_ ? output : error_.begin(compares)};
}

std::optional<OutputDifference> Outputs::end() {
  const auto output = output_.end();
  const auto error = are_one_ ? std::nullopt : error_.end();
  return output ? output : error;
}

std::string Outputs::loss() const {
  const auto bytes = output_.not_kept() + error_.not_kept();
  if (bytes == 0) return "";
  return fmt::format("no space to keep the first run's output: {} bytes were not compared", bytes);
}

}  // namespace detsim
