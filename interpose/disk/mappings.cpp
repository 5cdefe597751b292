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
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/disk/names.hpp"
#include "interpose/disk/told.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/faults/paths.hpp"
#include "scheduler/choice.hpp"

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

// By which descriptors files were mapped, the last ones; of this process, copied by fork.
struct MappedBy {
  std::uint64_t begin, end;
  int fd;  // -1: none any more
};
constexpr unsigned kMappedByMax = 256;
MappedBy mapped_by[kMappedByMax];
std::uint64_t mapped_so_far;

unsigned mapped_by_used() {
  return mapped_so_far < kMappedByMax ? static_cast<unsigned>(mapped_so_far) : kMappedByMax;
}

const MappedBy* mapped_by_at(std::uint64_t address) {
  for (unsigned i = 1; i <= mapped_by_used(); ++i) {  // the newest first
    const auto& each = mapped_by[(mapped_so_far - i) % kMappedByMax];
    if (each.begin <= address && address < each.end) return &each;
  }
  return nullptr;
}

// Another descriptor of the same open file, outside of a range.
int duplicate_of(int fd, std::uint64_t first, std::uint64_t last) {
  for (int other = 0; other < descriptors_end(); ++other) {
    const auto number = static_cast<std::uint64_t>(other);
    if (number >= first && number <= last) continue;
    if (known_descriptor(other).kind != DescriptorKind::regular) continue;
    if (is_same_open_file(fd, other)) return other;
  }
  return -1;
}

// How many calls there are until the next look, and how many looks there were: this process's own.
std::uint64_t calls_to_look, looks;

// Comparing costs what is mapped: looks at much come rarely.
std::uint64_t calls_between_looks() {
  constexpr std::uint64_t kCalls = 16;
  const auto& state = disk_state();
  std::uint64_t pages = 0;
  for (std::uint32_t number = 1; number <= state.nodes_used; ++number) {
    const auto& node = state.nodes[number - 1];
    if (node.is_followed) pages += (node.followed_end - node.followed_begin) / kMappingPageBytes;
  }
  const auto place = mix64(static_cast<std::uint64_t>(current_process().pid)) + ++looks;
  auto draws = ChoiceStream::derive(world().config.seed, Stream::fault, mix64(place));
  return 1 + draws.below(kCalls + pages / 4);
}

void follow(DiskNode& node, std::uint64_t begin, std::uint64_t end) {
  may_have_stored = true;
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

int descriptor_mapped_at(std::uint64_t address) {
  const auto* found = mapped_by_at(address);
  return found == nullptr ? -1 : found->fd;
}

void forget_mapped_by(std::uint64_t first, std::uint64_t last) {
  for (unsigned i = 0; i < mapped_by_used(); ++i) {
    auto& each = mapped_by[i];
    const auto number = static_cast<std::uint64_t>(each.fd);
    if (each.fd >= 0 && number >= first && number <= last) {
      each.fd = duplicate_of(each.fd, first, last);
    }
  }
}

bool may_have_stored;

void look_now_and_then() {
  if (calls_to_look-- != 0) return;
  note_all_stores();
  calls_to_look = calls_between_looks();
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
  const auto begin = static_cast<std::uint64_t>(result);
  auto at = begin;
  const auto bytes = whole_pages(f.rsi);
  SharedFile part;
  if (!next_shared_file(at, at + bytes, part)) {  // too many to remember
    raw(__NR_munmap, result, bytes);
    return -ENOMEM;
  }
  name_mapped(*node, fd);
  mapped_by[mapped_so_far++ % kMappedByMax] = {begin, begin + bytes, fd};
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
  if (const auto* moved = mapped_by_at(f.rdi)) {
    mapped_by[mapped_so_far++ % kMappedByMax] = {at, at + whole_pages(f.rdx), moved->fd};
  }
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
