#include "interpose/disk/writes.hpp"

#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>

#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/disk/mappings.hpp"

namespace detsim {
namespace {

constexpr unsigned kSyncData = 2, kSync = 4, kAppend = 16;  // RWF_DSYNC, RWF_SYNC, RWF_APPEND

// Reads what is about to change. The target may have opened the file for writing alone.
class OldBytes {
 public:
  explicit OldBytes(int fd) : fd_(fd) {}
  ~OldBytes() {
    if (own_ >= 0) raw(__NR_close, own_);
  }
  OldBytes(const OldBytes&) = delete;
  OldBytes& operator=(const OldBytes&) = delete;

  bool operator()(std::uint8_t* to, std::uint64_t offset, std::uint64_t count) {
    while (count != 0) {
      long got = own_ >= 0 ? -1 : raw(__NR_pread64, fd_, to, count, offset);
      if (got < 0) {
        if (own_ < 0) open_own();
        got = raw(__NR_pread64, own_, to, count, offset);
      }
      if (got <= 0) fatal("a file of the disk cannot be read: errno ", -got);
      to += got;
      offset += static_cast<std::uint64_t>(got);
      count -= static_cast<std::uint64_t>(got);
    }
    return true;
  }

 private:
  void open_own() {
    Text<48> path;
    path << "/proc/self/fd/" << fd_;
    own_ = static_cast<int>(raw(__NR_openat, AT_FDCWD, path.data(), O_RDONLY | O_CLOEXEC));
  }

  int fd_, own_ = -1;
};

}  // namespace

DiskWrite::DiskWrite(int fd, std::uint64_t offset, std::uint64_t bytes, unsigned flags) {
  if (!has_disk() || bytes == 0) return;
  node_ = disk_file(fd);
  if (node_ == nullptr) return;
  const long mode = raw(__NR_fcntl, fd, F_GETFL);
  is_durable_ = (mode & O_DSYNC) != 0 || (flags & (kSyncData | kSync)) != 0;
  const bool appends =
      ((mode & O_APPEND) != 0 || (flags & kAppend) != 0) && (flags & kAnyPlace) == 0;
  if (appends) {
    offset_ = node_->size;
  } else if (offset == kCurrentOffset) {
    offset_ = static_cast<std::uint64_t>(raw(__NR_lseek, fd, 0, 1 /* SEEK_CUR */));
  } else {
    offset_ = offset;
  }
  disk::note_stores_to(*node_, offset_, offset_ + bytes);
  if (offset_ >= node_->size) return;
  const auto below = node_->size - offset_;
  OldBytes read(fd);
  image_ = keep_image(disk_state(), *node_, FileEventKind::overwrite, offset_,
                      bytes < below ? bytes : below, before_,
                      [&](auto... each) { return read(each...); });
}

long DiskWrite::end(long result) {
  if (node_ == nullptr) return result;
  if (result > 0) {
    const auto bytes = static_cast<std::uint64_t>(result);
    note_written(disk_state(), *node_, image_, offset_, bytes, is_durable_);
    disk::learn(*node_, offset_, offset_ + bytes);
  } else if (image_ != nullptr) {
    take_back(disk_state(), *node_, before_);
  }
  return result;
}

DiskResize::DiskResize(DiskNode* node, int fd, std::uint64_t size) : node_(node), size_(size) {
  if (node_ == nullptr || size == node_->size) return;
  disk::note_stores_to(*node_, size);
  OldBytes read(fd);
  image_ = keep_image(disk_state(), *node_, FileEventKind::truncate, size,
                      size < node_->size ? node_->size - size : 0, before_,
                      [&](auto... each) { return read(each...); });
}

DiskResize::DiskResize(DiskNode* node, int fd, std::uint64_t offset, std::uint64_t bytes)
    : node_(node), begin_(offset), end_(offset + bytes), punches_(true) {
  if (node_ == nullptr || offset >= node_->size) return;
  disk::note_stores_to(*node_, offset, offset + bytes);
  const auto below = node_->size - offset;
  OldBytes read(fd);
  image_ =
      keep_image(disk_state(), *node_, FileEventKind::punch, offset, bytes < below ? bytes : below,
                 before_, [&](auto... each) { return read(each...); });
}

long DiskResize::end(long result) {
  if (node_ == nullptr || image_ == nullptr) return result;
  if (result < 0) {
    take_back(disk_state(), *node_, before_);
  } else if (punches_) {
    note_punched(disk_state(), *node_, *image_);
  } else {
    note_resized(disk_state(), *node_, *image_, size_);
  }
  if (result >= 0) disk::learn(*node_, begin_, end_);
  return result;
}

}  // namespace detsim
