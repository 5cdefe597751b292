#include "interpose/calls/memory.hpp"

#include <asm-generic/errno.h>
#include <linux/mman.h>
#include <sys/stat.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/file_names.hpp"
#include "interpose/calls/ipc.hpp"
#include "interpose/entry/instructions.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kSharedSpace = 1ull << 63;  // WaitKey::space of shared memory, + object

// Mappings that other processes may share, private to this address space, copied by fork.
struct SharedMapping {
  std::uint64_t begin = 0, end = 0;
  std::uint64_t object = 0, offset = 0;  // which memory, and where in it `begin` lies
  std::uint64_t device = 0, number = 0;  // of its file; 0: it has none
};
constexpr std::uint32_t kSharedMappingsMax = 4096;
SharedMapping shared_mappings[kSharedMappingsMax];
std::uint32_t shared_count;

bool overlaps_shim(std::uint64_t address, std::size_t bytes) {
  constexpr std::uint64_t end = kPrivateAddress + (16ull << 30);
  return address < end && address + bytes > kWorldAddress;
}

void forget_mapping(std::uint64_t begin, std::uint64_t end) {
  for (std::uint32_t i = 0; i < shared_count;) {
    SharedMapping& m = shared_mappings[i];
    if (m.end <= begin || m.begin >= end) {
      ++i;
    } else if (m.begin < begin && m.end > end) {  // a hole: two remain
      if (shared_count < kSharedMappingsMax) {
        SharedMapping& rest = shared_mappings[shared_count++] = m;
        rest.begin = end;
        rest.offset += end - m.begin;
      }
      m.end = begin;
      ++i;
    } else if (m.begin < begin) {
      m.end = begin;
      ++i;
    } else if (m.end > end) {
      m.offset += end - m.begin;
      m.begin = end;
      ++i;
    } else {
      m = shared_mappings[--shared_count];
    }
  }
}

SharedMapping memory_of(int flags, int fd, std::uint64_t offset) {
  if ((flags & MAP_ANONYMOUS) != 0)
    return {.object = mix64(++world().shared_objects), .offset = offset};
  struct stat status;
  if (raw(__NR_fstat, fd, &status) != 0) return {.offset = offset};
  return {.object = mix64(status.st_dev * 0x9e3779b97f4a7c15u + status.st_ino) | 1,
          .offset = offset,
          .device = status.st_dev,
          .number = status.st_ino};
}

void remember_mapping(std::uint64_t begin, std::size_t bytes, SharedMapping memory) {
  forget_mapping(begin, begin + bytes);
  if (shared_count == kSharedMappingsMax) return;
  memory.begin = begin;
  memory.end = begin + bytes;
  shared_mappings[shared_count++] = memory;
}

const SharedMapping* mapping_at(std::uint64_t address) {
  for (std::uint32_t i = 0; i < shared_count; ++i) {
    const SharedMapping& m = shared_mappings[i];
    if (address >= m.begin && address < m.end) return &m;
  }
  return nullptr;
}

std::size_t whole_pages(std::size_t bytes) { return (bytes + 4095) & ~std::size_t{4095}; }

}  // namespace

bool find_shared_memory(std::uint64_t address, WaitKey& key) {
  const auto* m = mapping_at(address);
  if (m == nullptr) return false;
  key = {kSharedSpace ^ m->object, m->offset + (address - m->begin)};
  return true;
}

bool next_shared_file(std::uint64_t& at, std::uint64_t end, SharedFile& part) {
  if (at >= end) return false;
  const SharedMapping* first = nullptr;
  for (std::uint32_t i = 0; i < shared_count; ++i) {
    const SharedMapping& m = shared_mappings[i];
    if (m.number == 0 || m.end <= at || m.begin >= end) continue;
    if (first == nullptr || m.begin < first->begin) first = &m;
  }
  if (first == nullptr) return false;
  part = {.begin = first->begin > at ? first->begin : at,
          .end = first->end < end ? first->end : end,
          .device = first->device,
          .number = first->number};
  part.offset = first->offset + (part.begin - first->begin);
  at = part.end;
  return true;
}

void shared_memory_appeared(std::uint64_t begin, std::size_t bytes, std::uint64_t object) {
  remember_mapping(begin, whole_pages(bytes), {.object = object});
}

void shared_memory_gone(std::uint64_t begin, std::uint64_t end) { forget_mapping(begin, end); }

namespace model {

long mmap(std::uint64_t address, std::size_t bytes, int protection, int flags, int fd,
          std::uint64_t offset) {
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0 && overlaps_shim(address, bytes)) {
    return -ENOMEM;
  }
  const long result = raw(__NR_mmap, address, bytes, protection, flags, fd, offset);
  if (result < 0 && result > -4096) return result;
  const auto at = static_cast<std::uint64_t>(result);
  if ((flags & MAP_SHARED) != 0) {  // MAP_SHARED_VALIDATE too
    remember_mapping(at, whole_pages(bytes), memory_of(flags, fd, offset));
    const bool may_write = (protection & PROT_WRITE) != 0 && (flags & MAP_ANONYMOUS) == 0;
    if (may_write) file_written(fd);
  } else if ((flags & MAP_FIXED) != 0 && shared_count > 0) {
    forget_mapping(at, at + whole_pages(bytes));
  }
  if ((protection & PROT_EXEC) != 0 && (flags & MAP_ANONYMOUS) == 0) {
    scan_mapping(at, at + whole_pages(bytes));
  }
  return result;
}

long munmap(std::uint64_t address, std::size_t bytes) {
  if (overlaps_shim(address, bytes)) return -EINVAL;
  const long result = raw(__NR_munmap, address, bytes);
  if (result == 0 && shared_count > 0) {
    forget_mapping(address, address + whole_pages(bytes));
    attachments_unmapped(address, address + whole_pages(bytes));
  }
  return result;
}

long mremap(std::uint64_t address, std::size_t old_bytes, std::size_t new_bytes, int flags,
            std::uint64_t wanted) {
  if ((flags & MREMAP_FIXED) != 0 && overlaps_shim(wanted, new_bytes)) return -ENOMEM;
  const auto* mapping = mapping_at(address);
  const bool shared = mapping != nullptr;
  SharedMapping memory = shared ? *mapping : SharedMapping{};
  memory.offset += shared ? address - memory.begin : 0;
  const long result = raw(__NR_mremap, address, old_bytes, new_bytes, flags, wanted);
  if (result > 0 && shared) {
    if ((flags & MREMAP_DONTUNMAP) == 0 && old_bytes != 0) {
      forget_mapping(address, address + whole_pages(old_bytes));
    }
    remember_mapping(static_cast<std::uint64_t>(result), whole_pages(new_bytes), memory);
  }
  return result;
}

long mincore(std::uint64_t address, std::size_t bytes, unsigned char* resident) {
  const auto pages = whole_pages(bytes) / 4096;
  unsigned char one[64];
  for (std::size_t page = 0; page < pages; page += sizeof one) {
    const auto count = pages - page < sizeof one ? pages - page : sizeof one;
    const long result = raw(__NR_mincore, address + page * 4096, count * 4096, one);
    if (result < 0) return result;
    memset(one, 1, count);
    if (!copy_to_user(resident + page, one, count)) return -EFAULT;
  }
  return 0;
}

}  // namespace model
}  // namespace detsim
