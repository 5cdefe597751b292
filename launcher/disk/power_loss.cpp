#include "launcher/disk/power_loss.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "launcher/disk/names.hpp"
#include "launcher/disk/stores.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kPageBytes = 4096;

class File {
 public:
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC)) {
    if (fd_ < 0 && errno == EACCES && chmod(path.c_str(), 0600) == 0) {
      fd_ = open(path.c_str(), flags | O_CLOEXEC);
    }
  }
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::uint64_t size_of(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

bool differs(int fd, std::uint64_t offset, const std::uint8_t* bytes, std::size_t count) {
  std::vector<std::uint8_t> now(count);
  const auto got = pread(fd, now.data(), count, static_cast<off_t>(offset));
  return got != static_cast<ssize_t>(count) || std::memcmp(now.data(), bytes, count) != 0;
}

// By the second bookkeeping: what changes now must have been touched since it was last synced.
std::string accuse(DiskState& state, const FileFate& fate, const std::string& path) {
  const auto& node = node_at(state, fate.node);
  const File file(path, O_RDONLY);
  if (file.fd() < 0) return fmt::format("{} cannot be read: {}", path, std::strerror(errno));
  const auto size = size_of(file.fd());
  if (size != node.size) {
    return fmt::format("{} has {} bytes, and the model of the disk believes {}", path, size,
                       node.size);
  }
  const auto check = [&](std::uint64_t page) {
    if (is_page_dirty(state, node, page)) return std::string();
    return fmt::format("page {} of {} is durable, and would have been changed", page, path);
  };
  const auto low = std::min(size, fate.size), high = std::max(size, fate.size);
  for (auto page = low / kPageBytes; low != high && page <= (high - 1) / kPageBytes; ++page) {
    if (auto words = check(page); !words.empty()) return words;
  }
  for (const auto& edit : fate.edits) {
    for (std::size_t at = 0; at < edit.bytes.size();) {
      const auto page = (edit.offset + at) / kPageBytes;
      const auto end =
          std::min<std::uint64_t>(edit.bytes.size(), (page + 1) * kPageBytes - edit.offset);
      const auto words = check(page);
      if (!words.empty() && differs(file.fd(), edit.offset + at, &edit.bytes[at], end - at)) {
        return words;
      }
      at = end;
    }
  }
  return "";
}

std::string accuse_of_names(DiskState& state, const DiskHistory& history, const Crash& crash) {
  for (std::size_t i = 0; i < history.changes.size(); ++i) {
    const auto& change = history.changes[i];
    if (crash.kept[i] || change.record.directory == 0) continue;
    if (change.is_durable()) return fmt::format("{} is durable, and would be lost", change.name);
    // Where a sync of a directory means something by itself.
    const bool any = profile_of(history.profile).order == ChangeOrder::any;
    if (any && !node_at(state, change.record.directory).is_dirty) {
      return fmt::format("the directory of {} is durable, and would change", change.name);
    }
  }
  return "";
}

// A problem, or "".
std::string write_fate(const FileFate& fate, const std::string& path, bool& has_changed) {
  struct stat before {};
  stat(path.c_str(), &before);
  std::string problem;
  {
    const File file(path, O_RDWR);
    if (file.fd() < 0) return fmt::format("cannot open {}: {}", path, std::strerror(errno));
    if (size_of(file.fd()) != fate.size) {
      has_changed = true;
      if (ftruncate(file.fd(), static_cast<off_t>(fate.size)) != 0) problem = path;
    }
    for (const auto& edit : fate.edits) {
      if (!differs(file.fd(), edit.offset, edit.bytes.data(), edit.bytes.size())) continue;
      has_changed = true;
      const auto put =
          pwrite(file.fd(), edit.bytes.data(), edit.bytes.size(), static_cast<off_t>(edit.offset));
      if (put != static_cast<ssize_t>(edit.bytes.size())) problem = path;
    }
  }
  struct stat after {};
  if (stat(path.c_str(), &after) == 0 && after.st_mode != before.st_mode) {
    chmod(path.c_str(), before.st_mode & 07777);
  }
  if (problem.empty()) return "";
  return fmt::format("cannot change {}: {}", path, std::strerror(errno));
}

void copy_path(char (&to)[kDiskTextBytes], const std::string& from) {
  from.copy(to, kDiskTextBytes - 1);
}

// Zeroed memory is a disk that forgot nothing.
void make_durable(DiskState& state) {
  std::vector<DiskDirectory> directories;
  for (std::uint32_t i = 0; i < state.views_used; ++i) {
    directories.push_back({state.views[i].shown, state.views[i].real});
  }
  const std::string own = state.own;
  const auto profile = state.profile;
  const bool stays_in_memory = state.stays_in_memory;
  madvise(&state, sizeof state, MADV_REMOVE);
  prepare_disk(state, directories, own, profile);
  state.stays_in_memory = stays_in_memory;
}

}  // namespace

void prepare_disk(DiskState& state, const std::vector<DiskDirectory>& directories,
                  const std::string& own_directory, ProfileId profile) {
  state.enabled = true;
  state.profile = profile;
  state.views_used = 0;
  for (const auto& directory : directories) {
    auto& view = state.views[state.views_used++];
    copy_path(view.shown, directory.shown);
    copy_path(view.real, directory.real);
  }
  copy_path(state.own, own_directory);
}

PowerCut resolve_power_loss(DiskState& state, std::uint64_t seed, std::uint64_t round,
                            const TearRules& tear) {
  PowerCut cut;
  cut.problem = note_last_stores(state);
  if (!cut.problem.empty()) return cut;
  cut.memory_bytes = std::uint64_t{state.chunks_held_max} * kChunkBytes;
  auto history = read_history(state);
  if (tear.splits_renames) split_renames(history);
  const auto crash = draw_crash(history, seed, round, tear);
  cut.changes = history.changes.size();
  cut.files = crash.files.size();
  DiskNames names(state, cut.problem);
  if (!cut.problem.empty()) return cut;
  cut.accusation = accuse_of_names(state, history, crash);
  for (const auto& [ordinal, fate] : crash.files) {
    const auto path = names.path_of_node(fate.node);
    if (path.empty() || !cut.accusation.empty()) continue;
    cut.accusation = accuse(state, fate, path);
  }
  if (!cut.accusation.empty()) return cut;
  for (const auto& [ordinal, fate] : crash.files) {
    const auto path = names.path_of_node(fate.node);
    if (path.empty()) continue;  // it has no name, and will have none
    bool has_changed = false;
    cut.problem = write_fate(fate, path, has_changed);
    if (!cut.problem.empty()) return cut;
    cut.files_changed += has_changed ? 1 : 0;
  }
  for (auto i = history.changes.size(); i-- > 0;) {
    if (!crash.kept[i]) names.undo(history.changes[i]);
  }
  cut.changes_kept =
      static_cast<std::size_t>(std::count(crash.kept.begin(), crash.kept.end(), true));
  cut.problem = names.carry_out();
  if (cut.problem.empty()) make_durable(state);
  return cut;
}

}  // namespace detsim
