#include "launcher/explore/own_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "launcher/explore/seed_bank.hpp"
#include "launcher/private_view.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

// A copy of more would cost more than a run does.
constexpr std::size_t kEntriesMax = 2000;
constexpr std::uintmax_t kBytesMax = 16u << 20;

bool is_small(const fs::path& directory, const std::vector<std::string>& left_out) {
  std::error_code error;
  std::size_t entries = 0;
  std::uintmax_t bytes = 0;
  const fs::recursive_directory_iterator all(directory, error), end;
  for (auto at = all; !error && at != end; at.increment(error)) {
    const auto& entry = *at;
    if (std::find(left_out.begin(), left_out.end(), entry.path().string()) != left_out.end()) {
      at.disable_recursion_pending();
      continue;
    }
    std::error_code none;
    if (entry.is_regular_file(none) && !entry.is_symlink(none)) bytes += entry.file_size(none);
    if (++entries > kEntriesMax || bytes > kBytesMax) return false;
  }
  return !error;
}

// The file that output goes to; empty: it is none.
std::string file_behind(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return "";
  std::error_code error;
  return fs::read_symlink(fmt::format("/proc/self/fd/{}", fd), error).string();
}

// Directories that are made on the way to it are detsim's, too.
fs::path first_that_is_new(const fs::path& path) {
  std::error_code error;
  auto first = path;
  while (!fs::exists(first, error) && !fs::exists(first.parent_path(), error)) {
    first = first.parent_path();
  }
  return first;
}

}  // namespace

void leave_out(RunOptions& run, const std::string& path) {
  std::error_code error;
  if (path.empty()) return;
  const auto whole = fs::weakly_canonical(fs::absolute(path), error);
  if (error) return;
  const auto first = first_that_is_new(whole).string();
  auto& all = run.left_out;
  const auto covers = [&](const auto& known) { return (first + "/").starts_with(known + "/"); };
  if (std::none_of(all.begin(), all.end(), covers)) all.push_back(first);
}

void leave_out_own_files(RunOptions& run, const std::vector<std::string>& paths) {
  for (const auto& path : paths) leave_out(run, path);
  leave_out(run, kBankDefault);
  for (const int fd : {1, 2}) leave_out(run, file_behind(fd));
}

std::string make_private(RunOptions& run) {
  if (!may_have_private_view()) {
    return "this user may not mount (see `detsim doctor`): runs share the working directory, /tmp "
           "and /dev/shm";
  }
  std::error_code error;
  const auto here = fs::current_path(error);
  std::string words;
  if (!error && is_small(here, run.left_out)) {
    run.private_directories.push_back({.shown = here.string(), .copy = "", .starts_empty = false});
  } else {
    words = fmt::format(
        "the working directory is too large to copy for each run ({} files or {} MiB): runs share "
        "it",
        kEntriesMax, kBytesMax >> 20);
  }
  for (const auto& directory : temporary_directories()) {
    if (here != directory.shown) run.private_directories.push_back(directory);
  }
  return words;
}

}  // namespace detsim
