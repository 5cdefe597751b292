#include "interpose/disk/over_disk.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/close_range.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/disk/mappings.hpp"
#include "interpose/disk/names.hpp"
#include "interpose/disk/told.hpp"
#include "interpose/disk/writes.hpp"

namespace detsim {
namespace {

std::uint64_t bytes_of_vector(std::uint64_t vector, std::uint64_t count) {
  struct {
    std::uint64_t base, bytes;
  } piece;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count && i < 1024; ++i) {
    if (!get_user(piece, reinterpret_cast<const void*>(vector + i * sizeof piece))) return total;
    total += piece.bytes;
  }
  return total;
}

long write_over_disk(const Call& call, Frame& f) {
  const int fd = static_cast<int>(f.rdi);
  const auto by_vector = [&] { return bytes_of_vector(f.rsi, f.rdx); };
  switch (f.number) {
    case __NR_write: return DiskWrite(fd, kCurrentOffset, f.rdx).end(call.handler(f));
    case __NR_writev: return DiskWrite(fd, kCurrentOffset, by_vector()).end(call.handler(f));
    case __NR_pwrite64: return DiskWrite(fd, f.r10, f.rdx).end(call.handler(f));
    case __NR_pwritev: return DiskWrite(fd, f.r10, by_vector()).end(call.handler(f));
    default: break;
  }
  const auto flags = static_cast<unsigned>(f.r9);
  return DiskWrite(fd, f.r10, by_vector(), flags).end(call.handler(f));  // pwritev2
}

long copy_over_disk(const Call& call, Frame& f) {
  std::uint64_t offset = kCurrentOffset;
  if (f.r10 != 0 && !get_user(offset, reinterpret_cast<const void*>(f.r10))) return -EFAULT;
  return DiskWrite(static_cast<int>(f.rdx), offset, f.r8).end(call.handler(f));
}

long truncate_over_disk(const Call& call, Frame& f) {
  if (static_cast<std::int64_t>(f.rsi) < 0) return call.handler(f);
  if (f.number == __NR_ftruncate) {
    const int fd = static_cast<int>(f.rdi);
    return DiskResize(disk_file(fd), fd, f.rsi).end(call.handler(f));
  }
  const long own = raw(__NR_openat, AT_FDCWD, f.rdi, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  auto* node = own < 0 ? nullptr : disk_node(static_cast<int>(own));
  const long result = DiskResize(node, static_cast<int>(own), f.rsi).end(call.handler(f));
  if (own >= 0) raw(__NR_close, own);
  return result;
}

long allocate_over_disk(const Call& call, Frame& f) {
  const int fd = static_cast<int>(f.rdi);
  const auto mode = f.rsi, offset = f.rdx, bytes = f.r10;
  auto* node = disk_file(fd);
  if (node == nullptr || static_cast<std::int64_t>(offset) < 0) return call.handler(f);
  // Some file systems do not know them, so programs can do without.
  if ((mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) != 0) return -EOPNOTSUPP;
  if ((mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0) {
    const auto end = offset + bytes;
    long result = DiskResize(node, fd, offset, bytes).end(call.handler(f));
    if (result == 0 && (mode & FALLOC_FL_KEEP_SIZE) == 0 && end > node->size) {
      DiskResize(node, fd, end).end(0);
    }
    return result;
  }
  const bool grows = (mode & FALLOC_FL_KEEP_SIZE) == 0 && offset + bytes > node->size;
  return grows ? DiskResize(node, fd, offset + bytes).end(call.handler(f)) : call.handler(f);
}

// What it has promised is in the model; the real disk need not be asked.
long sync_over_disk(const Call& call, Frame& f) {
  auto* node = disk_node(static_cast<int>(f.rdi));
  if (node == nullptr) return call.handler(f);
  if (f.number == __NR_syncfs) {
    disk::note_all_stores();
    note_all_synced(disk_state());
  } else {
    disk::note_stores_to(*node);
    note_synced(disk_state(), *node, f.number == __NR_fdatasync ? SyncKind::data : SyncKind::all);
  }
  disk::empty_graves();
  const bool is_told = f.number != __NR_syncfs && node->kind == NodeKind::file;
  return is_told ? -disk::take_failure(*node, static_cast<int>(f.rdi)) : 0;
}

// Some file systems do not know it, so programs can do without.
long control_over_disk(const Call& call, Frame& f) {
  const bool clones = f.rsi == FICLONE || f.rsi == FICLONERANGE;
  if (clones && disk_file(static_cast<int>(f.rdi)) != nullptr) return -EOPNOTSUPP;
  return call.handler(f);
}

long close_over_disk(const Call& call, Frame& f) {
  auto* node = disk_file(static_cast<int>(f.rdi));
  if (node != nullptr) disk::forget_mapped_by(f.rdi, f.rdi);
  const long result = call.handler(f);
  if (node != nullptr) note_closed(disk_state(), *node);
  return result;
}

long open_on_disk(const Call& call, Frame& f) {
  switch (f.number) {
    case __NR_open: return disk::open_file(call, f, AT_FDCWD, f.rdi, f.rsi);
    case __NR_creat: return disk::open_file(call, f, AT_FDCWD, f.rdi, O_CREAT | O_WRONLY | O_TRUNC);
    case __NR_openat: return disk::open_file(call, f, static_cast<int>(f.rdi), f.rsi, f.rdx);
    default: break;
  }
  open_how how;
  if (!get_user(how, reinterpret_cast<const void*>(f.rdx))) return call.handler(f);
  return disk::open_file(call, f, static_cast<int>(f.rdi), f.rsi, how.flags);
}

long open_over_disk(const Call& call, Frame& f) {
  const long result = open_on_disk(call, f);
  if (result >= 0 && disk_state().told_so_far != 0) disk::note_opened(static_cast<int>(result));
  return result;
}

long rename_over_disk(const Call& call, Frame& f) {
  if (f.number == __NR_rename) {
    return disk::rename(call, f, AT_FDCWD, f.rdi, AT_FDCWD, f.rsi, 0);
  }
  const auto flags = f.number == __NR_renameat2 ? f.r8 : 0;
  return disk::rename(call, f, static_cast<int>(f.rdi), f.rsi, static_cast<int>(f.rdx), f.r10,
                      flags);
}

}  // namespace

long call_over_disk(const Call& call, Frame& f) {
  const int directory = static_cast<int>(f.rdi);
  if (disk::may_have_stored) disk::look_now_and_then();
  switch (f.number) {
    case __NR_write:
    case __NR_writev:
    case __NR_pwrite64:
    case __NR_pwritev:
    case __NR_pwritev2: return write_over_disk(call, f);
    case __NR_copy_file_range: return copy_over_disk(call, f);
    case __NR_truncate:
    case __NR_ftruncate: return truncate_over_disk(call, f);
    case __NR_fallocate: return allocate_over_disk(call, f);
    case __NR_fsync:
    case __NR_fdatasync:
    case __NR_syncfs: return sync_over_disk(call, f);
    case __NR_sync:
      disk::note_all_stores();
      note_all_synced(disk_state());
      disk::empty_graves();
      return 0;
    case __NR_ioctl: return control_over_disk(call, f);
    case __NR_msync: return disk::sync_mapping(call, f);
    case __NR_mmap: return disk::map(call, f);
    case __NR_mprotect:
    case __NR_pkey_mprotect: return disk::protect(call, f);
    case __NR_mremap: return disk::remap(call, f);
    case __NR_close: return close_over_disk(call, f);
    case __NR_close_range:
      if ((f.rdx & CLOSE_RANGE_CLOEXEC) == 0) disk::forget_mapped_by(f.rdi, f.rsi);
      return call.handler(f);
    case __NR_dup2:
    case __NR_dup3:
      if (f.rdi != f.rsi) disk::forget_mapped_by(f.rsi, f.rsi);
      return call.handler(f);
    case __NR_open:
    case __NR_openat:
    case __NR_openat2:
    case __NR_creat: return open_over_disk(call, f);
    case __NR_mkdir:
    case __NR_mknod: return disk::make(call, f, AT_FDCWD, f.rdi);
    case __NR_mkdirat:
    case __NR_mknodat: return disk::make(call, f, directory, f.rsi);
    case __NR_symlink:
    case __NR_link: return disk::make(call, f, AT_FDCWD, f.rsi);
    case __NR_symlinkat: return disk::make(call, f, static_cast<int>(f.rsi), f.rdx);
    case __NR_linkat: return disk::make(call, f, static_cast<int>(f.rdx), f.r10);
    case __NR_unlink:
    case __NR_rmdir: return disk::remove(call, f, AT_FDCWD, f.rdi);
    case __NR_unlinkat: return disk::remove(call, f, directory, f.rsi);
    case __NR_rename:
    case __NR_renameat:
    case __NR_renameat2: return rename_over_disk(call, f);
    default: return call.handler(f);
  }
}

}  // namespace detsim
