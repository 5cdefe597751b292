#include "loop_ext4.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/falloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kImageBytes = 16 << 20;

// The last line that a command printed; false: it failed.
bool run(const std::string& command, std::string& line) {
  std::FILE* output = popen((command + " 2>&1").c_str(), "r");
  if (output == nullptr) return false;
  char text[512];
  while (std::fgets(text, sizeof text, output) != nullptr) {
    line.assign(text, std::strcspn(text, "\n"));
  }
  return pclose(output) == 0;
}

std::string failure(const std::string& what) {
  return fmt::format("{}: {}", what, std::strerror(errno));
}

class Opened {
 public:
  explicit Opened(const std::string& path, int flags = O_RDWR)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    DETSIM_INVARIANT(fd_ >= 0);
  }
  ~Opened() { close(fd_); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, const std::string& data, std::uint64_t offset) {
  DETSIM_INVARIANT(pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset)) ==
                   static_cast<ssize_t>(data.size()));
}

void save(const Image& image, const std::string& path) {
  const Opened file(path, O_RDWR | O_CREAT);
  DETSIM_INVARIANT(write(file.fd(), image.data(), image.size()) ==
                   static_cast<ssize_t>(image.size()));
}

Image load(const std::string& path) {
  Image image(kImageBytes);
  const Opened file(path, O_RDONLY);
  DETSIM_INVARIANT(read(file.fd(), image.data(), image.size()) ==
                   static_cast<ssize_t>(image.size()));
  return image;
}

// A store through a mapping, or msync of one.
void use_mapping(int fd, const Operation& o) {
  struct stat status {};
  fstat(fd, &status);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto length = std::max<std::uint64_t>(size, o.offset + o.bytes);
  if (length == 0) return;
  void* at = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  DETSIM_INVARIANT(at != MAP_FAILED);
  auto* bytes = static_cast<char*>(at);
  if (o.step == Step::store) {
    std::memset(bytes + o.offset, o.letter, std::min(o.bytes, size - o.offset));
  } else {
    msync(bytes + o.offset, o.bytes, MS_SYNC);
  }
  munmap(at, length);
}

}  // namespace

LoopExt4::LoopExt4(std::string& problem) {
  base_ = "/tmp/detsim-ext4-XXXXXX";
  DETSIM_INVARIANT(mkdtemp(base_.data()) != nullptr);
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    problem = failure("no mounts of its own");
    return;
  }
  if (mount("none", base_.c_str(), "tmpfs", 0, nullptr) != 0) {
    problem = failure("no file system in memory");
    return;
  }
  for (const char* each : {"/live", "/found"}) fs::create_directory(base_ + each);
  std::string line;
  { std::ofstream(base_ + "/image"); }
  fs::resize_file(base_ + "/image", kImageBytes);
  const auto made =
      "mkfs.ext4 -q -F -b 4096 -J size=4 "
      "-E lazy_itable_init=0,lazy_journal_init=0 " +
      base_ + "/image";
  if (!run(made, line)) {
    problem = "mkfs.ext4: " + line;
    return;
  }
  empty_ = load(base_ + "/image");
  problem = start();
}

LoopExt4::~LoopExt4() {
  release(base_ + "/live", device_);
  umount2(base_.c_str(), MNT_DETACH);
  rmdir(base_.c_str());
}

std::string LoopExt4::mount_image(const std::string& image, const std::string& at,
                                  std::string& device) const {
  std::string line;
  if (!run("losetup --find --show " + image, line)) return "losetup: " + line;
  device = line;
  // Nothing but the operations decides when the journal is written.
  if (mount(device.c_str(), at.c_str(), "ext4", 0, "commit=3600") == 0) return "";
  auto problem = failure("cannot mount an ext4");
  release(at, device);
  return problem;
}

void LoopExt4::release(const std::string& at, const std::string& device) {
  if (device.empty()) return;
  std::string line;
  umount2(at.c_str(), 0);
  run("losetup --detach " + device, line);
}

std::string LoopExt4::start() {
  release(base_ + "/live", device_);
  device_.clear();
  save(empty_, base_ + "/image");
  if (auto problem = mount_image(base_ + "/image", base_ + "/live", device_); !problem.empty()) {
    device_.clear();
    return problem;
  }
  fs::create_directory(base_ + "/live/disk");
  { std::ofstream(base_ + "/live/other"); }
  syncfs(Opened(base_ + "/live", O_RDONLY).fd());
  return "";
}

void LoopExt4::carry_out(const Operation& o) const {
  const auto path = path_of(o.path);
  switch (o.step) {
    case Step::write:
      write_all(Opened(path, O_RDWR | O_CREAT).fd(), std::string(o.bytes, o.letter), o.offset);
      break;
    case Step::truncate:
      DETSIM_INVARIANT(ftruncate(Opened(path).fd(), static_cast<off_t>(o.offset)) == 0);
      break;
    case Step::punch:
      DETSIM_INVARIANT(fallocate(Opened(path).fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                 static_cast<off_t>(o.offset), static_cast<off_t>(o.bytes)) == 0);
      break;
    case Step::rename: fs::rename(path, path_of(o.other)); break;
    case Step::remove:
    case Step::remove_directory: fs::remove(path); break;
    case Step::link: fs::create_hard_link(path, path_of(o.other)); break;
    case Step::make_directory: fs::create_directory(path); break;
    case Step::sync: fsync(Opened(path).fd()); break;
    case Step::sync_data: fdatasync(Opened(path).fd()); break;
    case Step::sync_directory: fsync(Opened(path, O_RDONLY | O_DIRECTORY).fd()); break;
    case Step::sync_all: syncfs(Opened(base_ + "/live", O_RDONLY).fd()); break;
    case Step::close: break;  // every operation closes what it opened
    case Step::store:
    case Step::sync_range: use_mapping(Opened(path).fd(), o); break;
  }
}

void LoopExt4::write_back(const std::string& path) const {
  const int fd = open(path_of(path).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  close(fd);
}

void LoopExt4::commit() const {
  const Opened other(base_ + "/live/other");
  write_all(other.fd(), "x", fs::file_size(base_ + "/live/other"));
  fsync(other.fd());
}

// Two copies that are equal: nothing was written from the end of one to the beginning of the other.
Image LoopExt4::image() const {
  auto before = load(base_ + "/image");
  for (;;) {
    auto after = load(base_ + "/image");
    if (before == after) return after;
    before = std::move(after);
  }
}

Contents LoopExt4::contents_of(const Image& image, std::string& problem) const {
  save(image, base_ + "/cut");
  std::string device;
  Contents contents;
  problem = mount_image(base_ + "/cut", base_ + "/found", device);
  if (!problem.empty()) return contents;
  contents = read_contents(base_ + "/found/disk");
  release(base_ + "/found", device);
  return contents;
}

}  // namespace detsim
