#include "launcher/private_view.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "scheduler/own_names.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPlaceInMemory = "/sys/fs/cgroup";
constexpr std::uint64_t kLargeBytes = 256 << 20;
constexpr long kBtrfs = 0x9123683e, kXfs = 0x58465342;  // share blocks between files (FICLONE)

bool is_below(const std::string& path, const std::string& directory) {
  return path == directory || directory == "/" || path.starts_with(directory + "/");
}

bool has_place_in_memory = false;

// Where the copies go: where they could share blocks with the originals, if anywhere.
std::string base_for(const std::string& directory) {
  if (has_place_in_memory) return kPlaceInMemory;
  const char* given = std::getenv("TMPDIR");
  const std::string base = given != nullptr && given[0] == '/' ? given : "/tmp";
  struct statfs here {
  }, there{};
  if (statfs(directory.c_str(), &here) != 0 || statfs(base.c_str(), &there) != 0) return base;
  const bool may_share = here.f_type == kBtrfs || here.f_type == kXfs;
  if (!may_share || std::memcmp(&here.f_fsid, &there.f_fsid, sizeof here.f_fsid) == 0) return base;
  const auto parent = fs::path(directory).parent_path().string();
  return access(parent.c_str(), W_OK) == 0 ? parent : base;
}

// A directory that nobody locks belonged to a launcher that was killed.
void remove_stale(const std::string& base) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(base, error)) {
    if (!entry.path().filename().string().starts_with(kViewPrefix)) continue;
    const int fd = open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) continue;
    struct stat status {};
    const bool is_mine = fstat(fd, &status) == 0 && status.st_uid == geteuid();
    if (is_mine && flock(fd, LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), error);
    close(fd);
  }
}

bool write_text(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return done;
}

// 0, or an errno. Without privilege the user keeps name and number, in a namespace of its own.
int unshare_mounts() {
  if (unshare(CLONE_NEWNS) == 0) return 0;
  if (errno != EPERM) return errno;
  const auto user = geteuid();
  const auto group = getegid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return errno;
  write_text("/proc/self/setgroups", "deny");
  if (!write_text("/proc/self/uid_map", fmt::format("{} {} 1", user, user))) return errno;
  if (!write_text("/proc/self/gid_map", fmt::format("{} {} 1", group, group))) return errno;
  return 0;
}

// A time of the clock that files' times are read from, later than that of any file of before. One
// move of that clock is not enough: it lags by up to a tick, and the kernel gives a file the exact
// time where the last one has been asked for (multigrain timestamps, since Linux 6.13).
std::uint64_t fresh_file_time_ns() {
  const auto read = [](clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1000000000 +
           static_cast<std::uint64_t>(now.tv_nsec);
  };
  const auto before = read(CLOCK_REALTIME);
  const timespec a_while{.tv_sec = 0, .tv_nsec = 200000};
  for (;;) {
    const auto now = read(CLOCK_REALTIME_COARSE);
    if (now > before) return now;
    nanosleep(&a_while, nullptr);
  }
}

// Outer directories first; what lies in a copy is there already.
std::vector<PrivateDirectory> arranged(std::vector<PrivateDirectory> wanted) {
  std::sort(wanted.begin(), wanted.end(),
            [](const auto& a, const auto& b) { return a.shown < b.shown; });
  std::vector<PrivateDirectory> result;
  for (auto& directory : wanted) {
    const auto is_there = [&](const PrivateDirectory& outer) {
      return directory.shown == outer.shown ||
             (!outer.starts_empty && is_below(directory.shown, outer.shown));
    };
    if (std::none_of(result.begin(), result.end(), is_there)) result.push_back(directory);
  }
  return result;
}

}  // namespace

std::shared_ptr<PrivateView> PrivateView::create(std::vector<PrivateDirectory> wanted,
                                                 const std::vector<std::string>& kept,
                                                 const std::vector<std::string>& left_out,
                                                 std::string& problem, std::string& warning) {
  for (auto& directory : wanted) {
    std::error_code error;
    const auto path = fs::canonical(directory.shown, error);
    if (error || !fs::is_directory(path)) {
      problem = fmt::format("'{}' is no directory", directory.shown);
      return nullptr;
    }
    directory.shown = path.string();
  }
  const auto view = std::shared_ptr<PrivateView>(new PrivateView);
  view->directories_ = arranged(std::move(wanted));
  view->made_real_ns_ = fresh_file_time_ns();
  const auto base = base_for(view->directories_.front().shown);
  remove_stale(base);
  problem = view->make_place_of_work(base);
  if (!problem.empty()) return nullptr;
  view->kept_ = kept;
  view->left_out_.prefix = kViewPrefix;
  for (const auto& path : left_out) {
    std::error_code error;
    view->left_out_.paths.insert(fs::weakly_canonical(fs::absolute(path), error).string());
  }
  problem = view->copy_all(warning);
  return problem.empty() ? view : nullptr;
}

// Another launcher may take it for a stale one until it is locked, and remove it.
std::string PrivateView::make_place_of_work(const std::string& base) {
  for (;;) {
    auto name = fmt::format("{}/{}XXXXXX", base, kViewPrefix);
    if (mkdtemp(name.data()) == nullptr) {
      return fmt::format("cannot make a directory in {}: {}", base, std::strerror(errno));
    }
    lock_ = open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ >= 0 && flock(lock_, LOCK_EX) == 0 && fs::is_directory(name)) {
      name_ = fs::canonical(name).string();
      return make_place_within();
    }
    if (lock_ >= 0) close(lock_);
    lock_ = -1;
  }
}

// What the target puts there it may put there as another user; nobody else finds the way, who has
// no right to list it and does not know the second name.
std::string PrivateView::make_place_within() {
  std::array<std::uint64_t, 2> secret{};
  if (getrandom(secret.data(), sizeof secret, 0) != sizeof secret) return "there is no randomness";
  work_ = fmt::format("{}/{:016x}{:016x}", name_, secret[0], secret[1]);
  own_ = work_ + "/own";
  for (const auto& path : {work_, own_}) fs::create_directory(path);
  const bool done = chmod(name_.c_str(), 0711) == 0 && chmod(work_.c_str(), 0711) == 0 &&
                    chmod(own_.c_str(), 0733) == 0;
  return done ? "" : fmt::format("cannot open {}: {}", name_, std::strerror(errno));
}

std::string PrivateView::copy_all(std::string& warning) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    auto& directory = directories_[i];
    directory.copy = fmt::format("{}/{}", work_, i);
    fs::create_directory(directory.copy);
    if (auto problem = fill(directory, bytes); !problem.empty()) return problem;
  }
  if (bytes > kLargeBytes) {
    warning = fmt::format(
        "copied {} MiB for this run's own view of its directories; its file system "
        "cannot share blocks between files",
        bytes >> 20);
  }
  std::erase_if(kept_, [this](const std::string& path) {
    const auto is_copied = [&path](const auto& directory) {
      return !directory.starts_empty && is_below(path, directory.shown);
    };
    return std::any_of(directories_.begin(), directories_.end(), is_copied) || !make_place(path);
  });
  // What is removed from a disk is kept next to the copies, and the target is who moves it there.
  if (!real_path(work_).empty()) kept_.push_back(work_);
  make_places();
  return "";
}

std::string PrivateView::real_path(const std::string& shown) const {
  std::string found;
  for (const auto& directory : directories_) {
    const bool is_here = is_below(shown, directory.shown);
    if (is_here) found = directory.copy + shown.substr(directory.shown.size());
  }
  return found;
}

// Into a directory that is there, and empty.
std::string PrivateView::fill(const PrivateDirectory& directory, std::uint64_t& bytes) {
  if (directory.starts_empty) {
    fs::permissions(directory.copy, fs::status(directory.shown).permissions());
    return "";
  }
  const auto copied = copy_tree(directory.shown, directory.copy, left_out_);
  bytes += copied.bytes;
  return copied.problem;
}

// To mount at, below a directory that starts empty. False: nothing hides the path.
bool PrivateView::make_place(const std::string& path) {
  const PrivateDirectory* around = nullptr;
  for (const auto& outer : directories_) {
    if (path != outer.shown && is_below(path, outer.shown)) around = &outer;
  }
  if (around == nullptr || !around->starts_empty) return false;
  const fs::path place = around->copy + path.substr(around->shown.size());
  if (fs::is_directory(path)) {
    fs::create_directories(place);
    return true;
  }
  fs::create_directories(place.parent_path());
  const int fd = open(place.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

void PrivateView::make_places() {
  for (const auto& directory : directories_) make_place(directory.shown);
  for (const auto& path : kept_) make_place(path);
  filled_real_ns_ = fresh_file_time_ns();
}

bool PrivateView::is_changed(const PrivateDirectory& directory) const {
  const auto is_new = [this](const fs::path& path) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) return true;
    return static_cast<std::uint64_t>(status.st_ctim.tv_sec) * 1000000000 +
               static_cast<std::uint64_t>(status.st_ctim.tv_nsec) >=
           filled_real_ns_;
  };
  std::error_code error;
  if (is_new(directory.copy)) return true;
  for (const auto& entry : fs::recursive_directory_iterator(directory.copy, error)) {
    if (is_new(entry.path())) return true;
  }
  return static_cast<bool>(error);
}

std::string PrivateView::renew() {
  std::uint64_t bytes = 0;
  bool has_changed = false;
  try {
    for (const auto& directory : directories_) {
      if (!is_changed(directory)) continue;
      has_changed = true;
      for (const auto& entry : fs::directory_iterator(directory.copy)) fs::remove_all(entry.path());
      if (auto problem = fill(directory, bytes); !problem.empty()) return problem;
    }
    if (has_changed) make_places();
    for (const auto& entry : fs::directory_iterator(own_)) fs::remove_all(entry.path());
  } catch (const fs::filesystem_error& error) {
    return error.what();
  }
  return "";
}

// Over a directory that no run sees and that the launcher does not need.
bool take_place_in_memory(std::uint64_t bytes) {
  if (has_place_in_memory) return true;
  int death_signal = 0;
  prctl(PR_GET_PDEATHSIG, &death_signal);
  if (!fs::is_directory(kPlaceInMemory) || unshare_mounts() != 0) return false;
  prctl(PR_SET_PDEATHSIG, death_signal);  // a user namespace has other credentials: it was lost
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  const auto size = fmt::format("mode=1777,size={}", bytes);
  has_place_in_memory =
      mount("detsim", kPlaceInMemory, "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) == 0;
  return has_place_in_memory;
}

std::vector<PrivateDirectory> temporary_directories() {
  std::vector<PrivateDirectory> directories;
  const char* given = std::getenv("TMPDIR");
  for (const char* path : {"/tmp", "/var/tmp", "/dev/shm", given}) {
    std::error_code error;
    if (path == nullptr || path[0] != '/' || !fs::is_directory(path, error)) continue;
    directories.push_back({.shown = path, .copy = "", .starts_empty = true});
  }
  return directories;
}

bool may_have_private_view() {
  const pid_t pid = fork();
  if (pid == 0) {
    const bool may =
        unshare_mounts() == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    _exit(may ? 0 : 1);
  }
  int status = 1;
  return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

PrivateView::~PrivateView() {
  std::error_code error;
  if (!name_.empty()) fs::remove_all(name_, error);
  if (lock_ >= 0) close(lock_);
}

// Everything is found before the first mount can hide it.
int PrivateView::enter() const {
  if (const int error = unshare_mounts()) return error;
  std::vector<std::pair<int, std::string>> mounts;
  const auto add = [&mounts](const std::string& what, const std::string& where) {
    mounts.emplace_back(open(what.c_str(), O_PATH | O_CLOEXEC), where);
    return mounts.back().first >= 0;
  };
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
  for (const auto& directory : directories_) {
    if (!add(directory.copy, directory.shown)) return errno;
  }
  for (const auto& path : kept_) {
    if (!add(path, path)) return errno;
  }
  // Outer ones first: what is mounted above another one hides it.
  std::sort(mounts.begin(), mounts.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const auto& [fd, where] : mounts) {
    const auto what = fmt::format("/proc/self/fd/{}", fd);
    if (mount(what.c_str(), where.c_str(), nullptr, MS_BIND, nullptr) != 0) return errno;
  }
  for (const auto& each : mounts) close(each.first);
  return 0;
}

}  // namespace detsim
