#include "launcher/explore/own_files.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "launcher/private_view.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

// A copy of more would cost more than a run does.
constexpr std::size_t kEntriesMax = 2000;
constexpr std::uintmax_t kBytesMax = 16u << 20;

bool is_small(const fs::path& directory) {
  std::error_code error;
  std::size_t entries = 0;
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error)) {
    std::error_code none;
    if (entry.is_regular_file(none) && !entry.is_symlink(none)) bytes += entry.file_size(none);
    if (++entries > kEntriesMax || bytes > kBytesMax) return false;
  }
  return !error;
}

}  // namespace

std::string make_private(RunOptions& run) {
  if (!may_have_private_view()) {
    return "this user may not mount (see `detsim doctor`): runs share the working directory, /tmp "
           "and /dev/shm";
  }
  std::error_code error;
  const auto here = fs::current_path(error);
  std::string words;
  if (!error && is_small(here)) {
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
