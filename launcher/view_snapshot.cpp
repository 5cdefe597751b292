#include "launcher/view_snapshot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unordered_map>

#include "launcher/whole_file.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;
using Status = struct stat;

constexpr std::uint64_t kBytesMax = 64u << 20;

bool is_changed_since(const Status& status, std::uint64_t ns) {
  return static_cast<std::uint64_t>(status.st_ctim.tv_sec) * 1000000000 +
             static_cast<std::uint64_t>(status.st_ctim.tv_nsec) >=
         ns;
}

std::string below(const std::string& directory, const std::string& path) {
  return path.empty() ? directory : directory + "/" + path;
}

std::string contents_of(const std::string& path, const Status& status) {
  if (S_ISLNK(status.st_mode)) return fs::read_symlink(path).string();
  auto contents = whole_file(path);
  if (contents) return std::move(*contents);
  throw fs::filesystem_error("cannot read", path, {errno, std::generic_category()});
}

std::string trouble_with(const std::string& what, const std::string& path) {
  return fmt::format("cannot {} '{}': {}", what, path, std::strerror(errno));
}

// All below a directory, and itself as "".
std::map<std::string, Status> tree_of(const std::string& directory) {
  std::map<std::string, Status> tree;
  Status status{};
  if (lstat(directory.c_str(), &status) == 0) tree[""] = status;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const auto path = entry.path().string();
    if (lstat(path.c_str(), &status) == 0) tree[path.substr(directory.size() + 1)] = status;
  }
  return tree;
}

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool set_times(const std::string& path, const Status& was) {
  Status now{};
  if (lstat(path.c_str(), &now) != 0) return false;
  if (same_time(now.st_mtim, was.st_mtim)) return true;
  const timespec times[] = {was.st_atim, was.st_mtim};
  return utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0;
}

bool write_whole(const std::string& path, const std::string& contents) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const auto wrote = write(fd, contents.data(), contents.size());
  close(fd);
  return wrote == static_cast<ssize_t>(contents.size());
}

}  // namespace

std::string ViewSnapshot::take(const PrivateView& view) {
  aside_ = view.own_directory();
  made_real_ns_ = view.filled_real_ns();
  try {
    for (const auto& place : view.directories()) {
      directories_.push_back({place.copy, place.starts_empty ? "" : place.shown, {}});
      auto& directory = directories_.back();
      for (const auto& [path, status] : tree_of(directory.copy)) {
        auto& entry = directory.entries[path];
        entry.status = status;
        entry.inode = status.st_ino;
        if (auto problem = note(directory, path); !problem.empty()) return problem;
      }
    }
  } catch (const fs::filesystem_error& error) {
    return error.what();
  }
  return "";
}

std::string ViewSnapshot::note(Directory& directory, const std::string& path) {
  auto& entry = directory.entries[path];
  const auto& status = entry.status;
  entry.is_as_made = !directory.original.empty() && !is_changed_since(status, made_real_ns_);
  if (entry.is_as_made || S_ISDIR(status.st_mode)) return "";
  if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) return "it made a FIFO or a device";
  bytes_ += static_cast<std::uint64_t>(status.st_size);
  if (bytes_ > kBytesMax) {
    return fmt::format("it wrote files of more than {} MiB by then", kBytesMax >> 20);
  }
  entry.contents = contents_of(below(directory.copy, path), status);
  return "";
}

std::string ViewSnapshot::put_back() {
  try {
    for (auto& directory : directories_) {
      if (auto problem = put_back(directory); !problem.empty()) return problem;
    }
  } catch (const fs::filesystem_error& error) {
    return error.what();
  }
  return "";
}

// First everything that is elsewhere by now goes aside, then what is too much is removed, then
// there is room for everything in its place.
std::string ViewSnapshot::put_back(Directory& directory) {
  const auto now = tree_of(directory.copy);
  std::unordered_map<ino_t, std::string> where;
  for (const auto& [path, status] : now) {
    if (!S_ISDIR(status.st_mode)) where[status.st_ino] = path;
  }
  const auto is_there = [&](const std::string& path, const Entry& entry) {
    const auto at = now.find(path);
    return at != now.end() && at->second.st_ino == entry.inode;
  };
  std::unordered_map<ino_t, std::string> aside;
  for (const auto& [path, entry] : directory.entries) {
    const auto at = where.find(entry.inode);
    if (at == where.end() || is_there(path, entry)) continue;
    const auto name = fmt::format("{}/{}", aside_, entry.inode);
    fs::rename(below(directory.copy, at->second), name);
    aside[entry.inode] = name;
  }
  for (auto at = now.rbegin(); at != now.rend(); ++at) {
    const auto wanted = directory.entries.find(at->first);
    const bool stays =
        wanted != directory.entries.end() && wanted->second.inode == at->second.st_ino;
    if (!stays && aside.find(at->second.st_ino) == aside.end()) {
      fs::remove(below(directory.copy, at->first));
    }
  }
  for (auto& [path, entry] : directory.entries) {
    const auto whole = below(directory.copy, path);
    const auto moved = aside.find(entry.inode);
    if (moved != aside.end()) fs::rename(moved->second, whole);
    const bool is_lost = moved == aside.end() && !is_there(path, entry);
    if (is_lost && (S_ISDIR(entry.status.st_mode) || entry.status.st_nlink > 1)) {
      return "a branch moved or removed a directory, or a file with several names";
    }
    if (auto problem = put_back(directory, path, entry); !problem.empty()) return problem;
  }
  // What was done in directories is done.
  for (auto at = directory.entries.rbegin(); at != directory.entries.rend(); ++at) {
    const auto path = below(directory.copy, at->first);
    if (S_ISDIR(at->second.status.st_mode) && !set_times(path, at->second.status)) {
      return trouble_with("set the times of", path);
    }
  }
  return "";
}

std::string ViewSnapshot::put_back(const Directory& directory, const std::string& path,
                                   Entry& entry) {
  const auto whole = below(directory.copy, path);
  const auto& was = entry.status;
  Status now{};
  const bool exists = lstat(whole.c_str(), &now) == 0;
  if (exists && entry.is_as_made && !is_changed_since(now, made_real_ns_)) return "";
  if (S_ISREG(was.st_mode)) {
    const auto wanted =
        entry.is_as_made ? contents_of(below(directory.original, path), was) : entry.contents;
    const bool is_same = exists && contents_of(whole, now) == wanted;
    if (!is_same && !write_whole(whole, wanted)) return trouble_with("write", whole);
  } else if (S_ISLNK(was.st_mode) && !exists) {
    const auto target =
        entry.is_as_made ? contents_of(below(directory.original, path), was) : entry.contents;
    fs::create_symlink(target, whole);
  }
  if (lstat(whole.c_str(), &now) != 0) return trouble_with("find", whole);
  entry.inode = now.st_ino;
  const bool owned = (now.st_uid == was.st_uid && now.st_gid == was.st_gid) ||
                     lchown(whole.c_str(), was.st_uid, was.st_gid) == 0;
  const bool allowed = now.st_mode == was.st_mode || chmod(whole.c_str(), was.st_mode & 07777) == 0;
  if (!owned || !allowed || !set_times(whole, was)) return trouble_with("give back", whole);
  if (S_ISREG(was.st_mode) && now.st_blocks != was.st_blocks) {
    return fmt::format("'{}' has holes, or room ahead", below(directory.original, path));
  }
  return "";
}

std::vector<ReplacedInode> ViewSnapshot::replaced() const {
  std::vector<ReplacedInode> files;
  for (const auto& directory : directories_) {
    for (const auto& [path, entry] : directory.entries) {
      const auto& was = entry.status;
      if (entry.inode != was.st_ino) files.push_back({was.st_dev, was.st_ino, entry.inode});
    }
  }
  return files;
}

bool is_mapped(pid_t process, ino_t inode) {
  std::ifstream maps(fmt::format("/proc/{}/maps", process));
  for (std::string line; std::getline(maps, line);) {
    // address, rights, offset, device, inode
    char device[32];
    unsigned long number = 0;
    const int found = std::sscanf(line.c_str(), "%*s %*s %*s %31s %lu", device, &number);
    if (found == 2 && number == inode) return true;
  }
  return false;
}

std::uint64_t device_of(const PrivateView& view) {
  const auto device = [](const std::string& path) -> std::uint64_t {
    Status status{};
    return stat(path.c_str(), &status) == 0 ? status.st_dev : 0;
  };
  const auto own = device(view.own_directory());
  bool is_known = own != device("/");
  for (const auto& directory : view.directories()) {
    is_known = is_known && own == device(directory.copy) && own != device(directory.shown);
  }
  return is_known ? own : 0;
}

}  // namespace detsim
