// Shared memory segments: their bytes lie in a region of the world, and attaching one makes a
// second mapping of these pages (mremap of nothing, which for shared memory duplicates).
#include <linux/mman.h>
#include <sys/mman.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/ipc_state.hpp"
#include "interpose/calls/memory.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t kDestroyed = 01000, kLocked = 02000;  // SHM_DEST, SHM_LOCKED
constexpr std::uint64_t kPage = 4096;
constexpr int kVersionBit = 0x100;  // IPC_64, which x86-64 does not need

std::uint64_t whole_pages(std::uint64_t bytes) { return (bytes + kPage - 1) & ~(kPage - 1); }

// The first gap of the region that is large enough; kIpcMemoryBytes: there is none.
std::uint64_t find_room(std::uint64_t bytes) {
  const auto& segments = ipc_state().segments;
  std::uint64_t at = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (std::uint32_t i = 0; i < segments.used; ++i) {
      const Segment& other = segments.objects[i];
      const auto end = other.offset + whole_pages(other.bytes);
      if (!other.header.used || other.offset >= at + bytes || end <= at) continue;
      at = end;
      moved = true;
    }
  }
  return at + bytes <= kIpcMemoryBytes ? at : kIpcMemoryBytes;
}

void destroy_if_unused(Segment& segment) {
  if (segment.attached != 0 || (segment.header.mode & kDestroyed) == 0) return;
  raw(__NR_madvise, kIpcMemory + segment.offset, whole_pages(segment.bytes), MADV_REMOVE);
  segment.header.used = false;
}

void detach(Attachment& attachment) {
  Segment& segment = ipc_state().segments.objects[attachment.segment];
  attachment.address_space = 0;
  --segment.attached;
  segment.detached_s = wall_seconds();
  segment.last_pid = current_process().pid;
  destroy_if_unused(segment);
}

template <typename Visit>
void for_attachments(std::uint64_t address_space, Visit visit) {
  auto& state = ipc_state();
  const auto used = state.attachments_used;
  for (std::uint32_t i = 0; i < used; ++i) {
    if (state.attachments[i].address_space == address_space) visit(state.attachments[i]);
  }
}

bool remember(std::uint64_t address_space, std::uint64_t address, std::uint32_t segment) {
  auto& state = ipc_state();
  std::uint32_t i = 0;
  while (i < state.attachments_used && state.attachments[i].address_space != 0) ++i;
  if (i == kAttachmentsMax) return false;
  if (i == state.attachments_used) ++state.attachments_used;
  state.attachments[i] = {address_space, address, segment};
  ++state.segments.objects[segment].attached;
  return true;
}

// A second mapping of the segment's pages, at `wanted` (0: anywhere).
long map_segment(const Segment& segment, std::uint64_t wanted, bool replace) {
  const auto bytes = whole_pages(segment.bytes);
  const auto source = kIpcMemory + segment.offset;
  if (wanted == 0) return raw(__NR_mremap, source, 0, bytes, MREMAP_MAYMOVE);
  if (wanted < kPrivateAddress + (16ull << 30) && wanted + bytes > kWorldAddress) return -EINVAL;
  if (!replace) {  // what is mapped there already stays
    const long reserved = raw(__NR_mmap, wanted, bytes, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1);
    if (reserved < 0) return -EINVAL;
  }
  return raw(__NR_mremap, source, 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, wanted);
}

long describe(int id, int command, void* to) {
  auto& table = ipc_state().segments;
  const Segment* segment = ipc_find(table, id, command != IPC_STAT);
  if (segment == nullptr) return -EINVAL;
  if (command != SHM_STAT_ANY && !ipc_permits(segment->header, 0444)) return -EACCES;
  shmid64_ds description = {};
  ipc_describe(segment->header, description.shm_perm);
  description.shm_segsz = segment->bytes;
  description.shm_atime = segment->attached_s;
  description.shm_dtime = segment->detached_s;
  description.shm_ctime = segment->header.changed_s;
  description.shm_cpid = segment->creator_pid;
  description.shm_lpid = segment->last_pid;
  description.shm_nattch = segment->attached;
  if (!put_user(description, to)) return -EFAULT;
  return command == IPC_STAT ? 0 : ipc_id(table, *segment);
}

long tell_limits(int command, void* to) {
  auto& table = ipc_state().segments;
  if (command == IPC_INFO) {
    shminfo64 info = {};
    info.shmmax = info.shmall = ~0ul - (1ul << 24);
    info.shmmin = 1;
    info.shmmni = info.shmseg = kIpcObjectsMax;
    return put_user(info, to) ? ipc_highest(table) : -EFAULT;
  }
  shm_info info = {};
  for (std::uint32_t i = 0; i < table.used; ++i) {
    if (!table.objects[i].header.used) continue;
    ++info.used_ids;
    info.shm_tot += whole_pages(table.objects[i].bytes) / kPage;
  }
  info.shm_rss = info.shm_tot;
  return put_user(info, to) ? ipc_highest(table) : -EFAULT;
}

}  // namespace

void copy_attachments(const Process& parent, const Process& child) {
  for_attachments(parent.address_space, [&](Attachment& attachment) {
    remember(child.address_space, attachment.address, attachment.segment);
  });
}

void forget_attachments(const Process& process) {
  auto& w = world();
  if (ipc_state().attachments_used == 0) return;
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const Process& other = w.processes[i];
    if (&other != &process && other.state == ProcessState::live &&
        other.address_space == process.address_space) {
      return;
    }
  }
  for_attachments(process.address_space, detach);
}

void attachments_unmapped(std::uint64_t begin, std::uint64_t end) {
  auto& state = ipc_state();
  if (state.attachments_used == 0) return;
  for_attachments(current_process().address_space, [&](Attachment& attachment) {
    const auto bytes = whole_pages(state.segments.objects[attachment.segment].bytes);
    if (attachment.address >= begin && attachment.address + bytes <= end) detach(attachment);
  });
}

namespace model {

long shmget(int key, std::size_t bytes, int flags) {
  return ipc_get(
      ipc_state().segments, key, flags,
      [&](const Segment& found) -> long { return found.bytes < bytes ? -EINVAL : 0; },
      [&](Segment& fresh) -> long {
        if (bytes == 0 || bytes > kIpcMemoryBytes) return bytes == 0 ? -EINVAL : -ENOMEM;
        if ((flags & SHM_HUGETLB) != 0) return -ENOMEM;  // a machine without huge pages
        const auto at = find_room(whole_pages(bytes));
        if (at == kIpcMemoryBytes) return -ENOSPC;
        fresh.offset = at;
        fresh.bytes = bytes;
        fresh.object = mix64(++world().shared_objects);
        fresh.creator_pid = current_process().pid;
        return 0;
      });
}

long shmat(int id, std::uint64_t address, int flags) {
  Segment* segment = ipc_find(ipc_state().segments, id);
  if (segment == nullptr) return -EINVAL;
  if ((address & (kPage - 1)) != 0) {
    if ((flags & SHM_RND) == 0) return -EINVAL;
    address &= ~(kPage - 1);
  }
  const bool replace = (flags & SHM_REMAP) != 0, only_read = (flags & SHM_RDONLY) != 0;
  if (address == 0 && replace) return -EINVAL;
  if (!ipc_permits(segment->header, only_read ? 0444 : 0666)) return -EACCES;
  const auto index = static_cast<std::uint32_t>(segment - ipc_state().segments.objects);
  const long result = map_segment(*segment, address, replace);
  if (result < 0 && result > -4096) return result;
  const auto at = static_cast<std::uint64_t>(result);
  const auto bytes = whole_pages(segment->bytes);
  if (replace) attachments_unmapped(at, at + bytes);
  if (!remember(current_process().address_space, at, index)) {
    raw(__NR_munmap, at, bytes);
    return -ENOMEM;
  }
  const bool execute = (flags & SHM_EXEC) != 0;
  const int protection = PROT_READ | (only_read ? 0 : PROT_WRITE) | (execute ? PROT_EXEC : 0);
  if (only_read || execute) raw(__NR_mprotect, at, bytes, protection);
  shared_memory_appeared(at, bytes, segment->object);
  segment->attached_s = wall_seconds();
  segment->last_pid = current_process().pid;
  return result;
}

long shmdt(std::uint64_t address) {
  auto& state = ipc_state();
  long result = -EINVAL;
  for_attachments(current_process().address_space, [&](Attachment& attachment) {
    if (attachment.address != address || result == 0) return;
    const auto bytes = whole_pages(state.segments.objects[attachment.segment].bytes);
    raw(__NR_munmap, address, bytes);
    shared_memory_gone(address, address + bytes);
    detach(attachment);
    result = 0;
  });
  return result;
}

long shmctl(int id, int command, void* buffer) {
  command &= ~kVersionBit;
  if (id < 0 || command < 0) return -EINVAL;
  switch (command) {
    case IPC_INFO:
    case SHM_INFO: return tell_limits(command, buffer);
    case IPC_STAT:
    case SHM_STAT:
    case SHM_STAT_ANY: return describe(id, command, buffer);
    case IPC_SET:
    case IPC_RMID:
    case SHM_LOCK:
    case SHM_UNLOCK: break;
    default: return -EINVAL;
  }
  shmid64_ds wanted;
  if (command == IPC_SET && !get_user(wanted, buffer)) return -EFAULT;
  Segment* segment = ipc_find(ipc_state().segments, id);
  if (segment == nullptr) return -EINVAL;
  IpcHeader& header = segment->header;
  if (!ipc_owns(header)) return -EPERM;
  if (command == IPC_SET) {
    ipc_change(header, wanted.shm_perm);
  } else if (command == IPC_RMID) {
    header.mode |= kDestroyed;
    header.key = IPC_PRIVATE;
    destroy_if_unused(*segment);
  } else {
    header.mode = command == SHM_LOCK ? header.mode | kLocked : header.mode & ~kLocked;
  }
  return 0;
}

}  // namespace model
}  // namespace detsim
