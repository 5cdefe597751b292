#include "interpose/disk/mappings.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mman.h>

#include "faultplan/disk/stores.hpp"
#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/disk/names.hpp"
#include "interpose/faults/paths.hpp"

namespace detsim::disk {
namespace {

constexpr int kSeekData = 3;  // SEEK_DATA

Text<kPathMax> beside(const DiskNode& node, const char* prefix) {
  Text<kPathMax> path;
  path << disk_state().own << '/' << prefix << number_of(disk_state(), node);
  return path;
}

[[noreturn]] void cannot(const char* what, long result) {
  fatal("cannot ", what, " a mapped file of the disk: errno ", -result);
}

// A mapped file, and what is known of it.
class MappedFile {
 public:
  explicit MappedFile(const DiskNode& node, long more_flags = 0)
      : now_(open(beside(node, ""), O_RDONLY)),
        known_(open(beside(node, "known-"), O_RDWR | more_flags)) {}
  ~MappedFile() {
    raw(__NR_close, now_);
    raw(__NR_close, known_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::uint64_t next_data(std::uint64_t from) const {
    const long at = raw(__NR_lseek, now_, from, kSeekData);
    if (at == -ENXIO) return ~0ull;
    return at < 0 ? from : static_cast<std::uint64_t>(at);
  }
  void read_now(std::uint8_t* to, std::uint64_t offset, std::uint64_t count) const {
    all(__NR_pread64, now_, to, offset, count);
  }
  void read_known(std::uint8_t* to, std::uint64_t offset, std::uint64_t count) const {
    all(__NR_pread64, known_, to, offset, count);
  }
  void write_known(std::uint8_t* from, std::uint64_t offset, std::uint64_t count) const {
    all(__NR_pwrite64, known_, from, offset, count);
  }
  void resize_known(std::uint64_t size) const {
    if (const long result = raw(__NR_ftruncate, known_, size); result != 0)
      cannot("follow", result);
  }
  // Its contents are those of now.
  void learn(std::uint64_t begin, std::uint64_t end) const {
    std::uint8_t bytes[kComparedBytes];
    while (begin < end) {
      const auto count = end - begin < sizeof bytes ? end - begin : sizeof bytes;
      read_now(bytes, begin, count);
      write_known(bytes, begin, count);
      begin += count;
    }
  }
  void learn_all(std::uint64_t size) const {
    if (raw(__NR_ioctl, known_, FICLONE, now_) == 0) return;
    for (std::uint64_t at = 0; (at = next_data(at)) < size;) {
      const auto end = at + kComparedBytes < size ? at + kComparedBytes : size;
      learn(at, end);
      at = end;
    }
  }

 private:
  static int open(const Text<kPathMax>& path, long flags) {
    const long fd = raw(__NR_openat, AT_FDCWD, path.data(), flags | O_CLOEXEC, 0666);
    if (fd < 0) cannot("open", fd);
    return static_cast<int>(fd);
  }
  // What is not there any more reads as zeros.
  static void all(long number, int fd, std::uint8_t* bytes, std::uint64_t offset,
                  std::uint64_t count) {
    while (count != 0) {
      const long done = raw(number, fd, bytes, count, offset);
      if (done == 0) {
        memset(bytes, 0, count);
        return;
      }
      if (done < 0) cannot("compare", done);
      bytes += done;
      offset += static_cast<std::uint64_t>(done);
      count -= static_cast<std::uint64_t>(done);
    }
  }

  int now_, known_;
};

// It can be found, whatever becomes of its names. Links go between two paths of one mount only: the
// one that everybody else sees.
void name_mapped(DiskNode& node, int fd) {
  if (node.is_mapped) return;
  const auto name = beside(node, "");
  if (!node.in_grave) {
    char shown[kPathMax], path[kPathMax];
    path_of_descriptor(fd, shown);
    if (!real_path(shown, path)) cannot("find", -ENOENT);
    raw(__NR_unlink, name.data());
    const long result = raw(__NR_linkat, AT_FDCWD, path, AT_FDCWD, name.data(), 0);
    if (result != 0) cannot("keep", result);
    // The name that the target does not know of must not show by a time either.
    touch_file(inode_of(node.device, node.number), change_time);
  }
  node.is_mapped = true;
}

void follow(DiskNode& node, std::uint64_t begin, std::uint64_t end) {
  if (!node.is_followed) {
    const MappedFile file(node, O_CREAT | O_TRUNC);
    file.resize_known(node.size);
    file.learn_all(node.size);
    node.is_followed = true;
    node.followed_begin = begin;
    node.followed_end = end;
  }
  if (begin < node.followed_begin) node.followed_begin = begin;
  if (end > node.followed_end) node.followed_end = end;
}

}  // namespace

void note_stores_to(DiskNode& node, std::uint64_t begin, std::uint64_t end) {
  if (!node.is_followed) return;
  MappedFile file(node);
  note_stores(disk_state(), node, begin / kMappingPageBytes * kMappingPageBytes, end, file);
}

void note_all_stores() {
  auto& state = disk_state();
  for (std::uint32_t number = 1; number <= state.nodes_used; ++number) {
    note_stores_to(node_at(state, number));
  }
}

void learn(DiskNode& node, std::uint64_t begin, std::uint64_t end) {
  if (!node.is_followed) return;
  const MappedFile file(node);
  file.resize_known(node.size);
  file.learn(begin, end < node.size ? end : node.size);
}

// Who may write to the file may also be allowed to store later (mprotect).
long map(const Call& call, Frame& f) {
  const long result = call.handler(f);
  const auto kind = f.r10 & MAP_TYPE;
  const bool is_shared = kind == MAP_SHARED || kind == MAP_SHARED_VALIDATE;
  if ((result < 0 && result > -4096) || !is_shared || (f.r10 & MAP_ANONYMOUS) != 0) return result;
  const int fd = static_cast<int>(f.r8);
  if ((raw(__NR_fcntl, fd, F_GETFL) & O_ACCMODE) != O_RDWR) return result;
  auto* node = disk_file(fd);
  if (node == nullptr) return result;
  auto at = static_cast<std::uint64_t>(result);
  const auto bytes = whole_pages(f.rsi);
  SharedFile part;
  if (!next_shared_file(at, at + bytes, part)) {  // too many to remember
    raw(__NR_munmap, result, bytes);
    return -ENOMEM;
  }
  name_mapped(*node, fd);
  if ((f.rdx & PROT_WRITE) != 0) follow(*node, f.r9, f.r9 + bytes);
  return result;
}

long protect(const Call& call, Frame& f) {
  if ((f.rdx & PROT_WRITE) != 0) {
    each_mapped_file(f.rdi, f.rdi + whole_pages(f.rsi),
                     [](DiskNode& node, std::uint64_t offset, std::uint64_t bytes) {
                       follow(node, offset, offset + bytes);
                     });
  }
  return call.handler(f);
}

long remap(const Call& call, Frame& f) {
  const long result = call.handler(f);
  if (result < 0 && result > -4096) return result;
  const auto at = static_cast<std::uint64_t>(result);
  each_mapped_file(at, at + whole_pages(f.rdx),
                   [](DiskNode& node, std::uint64_t offset, std::uint64_t bytes) {
                     if (node.is_followed) follow(node, offset, offset + bytes);
                   });
  return result;
}

// The real disk is asked only whether the call is right.
long sync_mapping(const Call& call, Frame& f) {
  if ((f.rdx & MS_SYNC) == 0 || (f.rdx & MS_ASYNC) != 0) return call.handler(f);
  const long result = raw(__NR_msync, f.rdi, f.rsi, (f.rdx & ~std::uint64_t{MS_SYNC}) | MS_ASYNC);
  if (result != 0 && result != -ENOMEM) return result;
  each_mapped_file(f.rdi, f.rdi + whole_pages(f.rsi),
                   [](DiskNode& node, std::uint64_t offset, std::uint64_t bytes) {
                     note_stores_to(node, offset, offset + bytes);
                     note_range_synced(disk_state(), node, offset, offset + bytes);
                   });
  empty_graves();
  return result;
}

}  // namespace detsim::disk
