#include "interpose/disk/failing.hpp"

#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>

#include "faultplan/disk/reverting.hpp"
#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/disk/mappings.hpp"
#include "interpose/disk/told.hpp"

namespace detsim::disk {
namespace {

// A file whose bytes are put back. A mapped one has a name among the graves.
class PutBack {
 public:
  PutBack(const DiskNode& node, int fd) {
    Text<kPathMax> path;
    if (fd >= 0) {
      path << "/proc/self/fd/" << fd;
    } else {
      path << disk_state().own << '/' << number_of(disk_state(), node);
    }
    own_ = raw(__NR_openat, AT_FDCWD, path.data(), O_WRONLY | O_CLOEXEC);
    if (own_ < 0) cannot(own_);
  }
  ~PutBack() { raw(__NR_close, own_); }
  PutBack(const PutBack&) = delete;
  PutBack& operator=(const PutBack&) = delete;

  void write(std::uint64_t offset, const std::uint8_t* bytes, std::uint64_t count) {
    while (count != 0) {
      const long done = raw(__NR_pwrite64, own_, bytes, count, offset);
      if (done <= 0) cannot(done);
      bytes += done;
      offset += static_cast<std::uint64_t>(done);
      count -= static_cast<std::uint64_t>(done);
    }
  }
  void cut(std::uint64_t size) {
    if (const long result = raw(__NR_ftruncate, own_, size); result != 0) cannot(result);
  }

 private:
  [[noreturn]] static void cannot(long result) {
    fatal("cannot take back what a failed sync has lost: errno ", -result);
  }

  long own_;
};

}  // namespace

void fail_sync(DiskNode& node, int fd, int error) {
  auto& state = disk_state();
  note_stores_to(node);
  if (node.kind == NodeKind::file && profile_of(state.profile).reverts) {
    PutBack file(node, fd);
    revert_unsynced(state, node, file);
    learn(node, 0, node.size);
  } else {
    note_sync_failed(state, node);
  }
  note_failure(node, fd, error);
}

void fail_sync_of_mapping(std::uint64_t address, std::uint64_t bytes, int error) {
  // Linux tells the open file that was mapped.
  const DiskNode* last = nullptr;
  const auto end = address + whole_pages(bytes);
  SharedFile part;
  while (next_shared_file(address, end, part)) {
    auto* node = mapped_file(part);
    if (node == nullptr || node == last) continue;
    fail_sync(*node, descriptor_mapped_at(part.begin), error);
    last = node;
  }
}

}  // namespace detsim::disk
