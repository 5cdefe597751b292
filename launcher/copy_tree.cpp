#include "launcher/copy_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

namespace detsim {
namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  operator int() const { return fd_; }

 private:
  const int fd_;
};

std::vector<std::string> sorted_names(int directory) {
  std::vector<std::string> names;
  DIR* stream = fdopendir(fcntl(directory, F_DUPFD_CLOEXEC, 3));
  if (stream == nullptr) return names;
  rewinddir(stream);
  while (const dirent* entry = readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(stream);
  std::sort(names.begin(), names.end());
  return names;
}

void copy_attributes(int from, int to) {
  std::string list(65536, 0);
  const auto bytes = flistxattr(from, list.data(), list.size());
  for (ssize_t at = 0; at < bytes;) {
    const char* name = list.data() + at;
    at += static_cast<ssize_t>(std::strlen(name)) + 1;
    std::string value(65536, 0);
    const auto size = fgetxattr(from, name, value.data(), value.size());
    // A file system that knows no such attributes is no reason to refuse the copy.
    if (size >= 0) fsetxattr(to, name, value.data(), static_cast<std::size_t>(size), 0);
  }
}

class Copier {
 public:
  Copier(CopiedTree& result, std::string from, int to, dev_t device, const LeftOut& left_out)
      : result_(result),
        from_root_(std::move(from)),
        to_root_(to),
        device_(device),
        left_out_(left_out) {
    for (const auto& path : left_out.paths) thinned_.insert(path.substr(0, path.rfind('/')));
  }

  bool copy_below(int from, int to, const std::string& path) {
    for (const auto& name : sorted_names(from)) {
      if (is_left_out(name, path)) continue;
      if (!copy_entry(from, to, name, path + "/" + name)) return false;
    }
    return true;
  }

  // Last of all: a change of its contents would change its times again.
  bool settle(int from, int to, const std::string& path) {
    struct stat status {};
    if (fstat(from, &status) != 0) return complain(path);
    copy_attributes(from, to);
    if (geteuid() == 0 && fchown(to, status.st_uid, status.st_gid) != 0) return complain(path);
    if (fchmod(to, status.st_mode & 07777) != 0) return complain(path);
    const bool is_thinned = S_ISDIR(status.st_mode) && thinned_.contains(path);
    const timespec written = is_thinned ? last_written(from, path) : status.st_mtim;
    const timespec times[2] = {status.st_atim, written};
    return futimens(to, times) == 0 || complain(path);
  }

 private:
  bool is_left_out(const std::string& name, const std::string& path) const {
    if (!left_out_.prefix.empty() && name.starts_with(left_out_.prefix)) return true;
    return !left_out_.paths.empty() && left_out_.paths.contains(path + "/" + name);
  }

  // Of a directory, without what is left out of it. With nothing else in it, since it was made.
  timespec last_written(int directory, const std::string& path) const {
    struct statx made {};
    timespec last{};
    if (statx(directory, "", AT_EMPTY_PATH, STATX_BTIME, &made) == 0) {
      last = {.tv_sec = made.stx_btime.tv_sec, .tv_nsec = made.stx_btime.tv_nsec};
    }
    for (const auto& name : sorted_names(directory)) {
      struct stat status {};
      if (is_left_out(name, path)) continue;
      if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      const auto& written = status.st_mtim;
      const auto is_later = [](const timespec& a, const timespec& b) {
        return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
      };
      if (is_later(written, last)) last = written;
    }
    return last;
  }

  bool complain(const std::string& path) {
    result_.problem = fmt::format("cannot copy {}: {}", path, std::strerror(errno));
    return false;
  }

  // Somebody may work in the original.
  bool is_gone(const std::string& path) { return errno == ENOENT || complain(path); }

  bool copy_entry(int from, int to, const std::string& name, const std::string& path) {
    struct stat status {};
    if (fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return is_gone(path);
    ++result_.files;
    if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
      const auto key = std::pair(status.st_dev, status.st_ino);
      const auto [known, is_new] = linked_.try_emplace(key, path);
      if (!is_new) return copy_link(known->second, to, name, path);
    }
    switch (status.st_mode & S_IFMT) {
      case S_IFREG: return copy_file(from, to, name, path, status);
      case S_IFDIR: return copy_directory(from, to, name, path);
      case S_IFLNK: return copy_symlink(from, to, name, path, status);
      default: return copy_special(to, name, path, status);
    }
  }

  bool copy_link(const std::string& first, int to, const std::string& name,
                 const std::string& path) {
    const auto below = first.substr(from_root_.size() + 1);
    return linkat(to_root_, below.c_str(), to, name.c_str(), 0) == 0 || complain(path);
  }

  bool copy_directory(int from, int to, const std::string& name, const std::string& path) {
    const Fd source(openat(from, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (source < 0) return is_gone(path);
    if (mkdirat(to, name.c_str(), 0700) != 0) return complain(path);
    const Fd target(openat(to, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (target < 0) return complain(path);
    struct stat status {};
    fstat(source, &status);
    if (status.st_dev == device_ && !copy_below(source, target, path)) return false;
    return settle(source, target, path);
  }

  bool copy_file(int from, int to, const std::string& name, const std::string& path,
                 const struct stat& status) {
    const Fd source(openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (source < 0) return is_gone(path);
    const Fd target(openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (target < 0) return complain(path);
    if (ioctl(target, FICLONE, static_cast<int>(source)) == 0) {
      result_.shared += static_cast<std::uint64_t>(status.st_size);
    } else if (!copy_contents(source, target, status.st_size)) {
      return complain(path);
    }
    return settle(source, target, path);
  }

  // Holes stay holes.
  bool copy_contents(int source, int target, off_t size) {
    if (ftruncate(target, size) != 0) return false;
    for (off_t at = 0; at < size;) {
      const off_t begin = lseek(source, at, SEEK_DATA);
      if (begin < 0 && errno == ENXIO) return true;
      const off_t end = begin < 0 ? size : lseek(source, begin, SEEK_HOLE);
      if (!copy_range(source, target, begin < 0 ? at : begin, end < 0 ? size : end)) return false;
      at = end < 0 ? size : end;
    }
    return true;
  }

  bool copy_range(int source, int target, off_t at, off_t end) {
    while (at < end) {
      const auto bytes = std::min<std::size_t>(buffer_.size(), static_cast<std::size_t>(end - at));
      const auto got = pread(source, buffer_.data(), bytes, at);
      if (got < 0) return false;
      if (got == 0) return true;  // it shrank meanwhile
      if (pwrite(target, buffer_.data(), static_cast<std::size_t>(got), at) != got) return false;
      at += got;
      result_.bytes += static_cast<std::uint64_t>(got);
    }
    return true;
  }

  bool copy_symlink(int from, int to, const std::string& name, const std::string& path,
                    const struct stat& status) {
    std::string text(PATH_MAX, 0);
    const auto bytes = readlinkat(from, name.c_str(), text.data(), text.size());
    if (bytes < 0) return complain(path);
    text.resize(static_cast<std::size_t>(bytes));
    if (symlinkat(text.c_str(), to, name.c_str()) != 0) return complain(path);
    return settle_by_name(to, name, status) || complain(path);
  }

  bool copy_special(int to, const std::string& name, const std::string& path,
                    const struct stat& status) {
    if (mknodat(to, name.c_str(), status.st_mode, status.st_rdev) != 0) return complain(path);
    return settle_by_name(to, name, status) || complain(path);
  }

  static bool settle_by_name(int to, const std::string& name, const struct stat& status) {
    constexpr int kItself = AT_SYMLINK_NOFOLLOW;
    if (geteuid() == 0 && fchownat(to, name.c_str(), status.st_uid, status.st_gid, kItself) != 0) {
      return false;
    }
    if (!S_ISLNK(status.st_mode) && fchmodat(to, name.c_str(), status.st_mode & 07777, 0) != 0) {
      return false;
    }
    const timespec times[2] = {status.st_atim, status.st_mtim};
    return utimensat(to, name.c_str(), times, kItself) == 0;
  }

  CopiedTree& result_;
  const std::string from_root_;
  const int to_root_;
  const dev_t device_;  // of the original
  const LeftOut& left_out_;
  std::set<std::string> thinned_;  // directories around what is left out
  std::vector<char> buffer_ = std::vector<char>(1 << 20);
  std::map<std::pair<dev_t, ino_t>, std::string> linked_;  // the first path of each
};

}  // namespace

CopiedTree copy_tree(const std::string& from, const std::string& to, const LeftOut& left_out) {
  CopiedTree result;
  const Fd source(open(from.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Fd target(open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (source < 0 || target < 0 || fstat(source, &status) != 0) {
    result.problem = fmt::format("cannot copy {}: {}", from, std::strerror(errno));
    return result;
  }
  Copier copier(result, from, target, status.st_dev, left_out);
  if (copier.copy_below(source, target, from)) copier.settle(source, target, from);
  return result;
}

}  // namespace detsim
