// Faults of disks, as far as they show at a call. What a failed fsync and a loss of power leave on
// the disk is the durability model's.
#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/disk/failing.hpp"
#include "interpose/disk/writes.hpp"
#include "interpose/faults/effects.hpp"
#include "interpose/faults/lost_pages.hpp"
#include "interpose/faults/marks.hpp"
#include "interpose/faults/pieces.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kDrawBytes = 1, kDrawPlace = 2, kDrawBit = 3;

std::uint8_t draw_bit(const Moment& moment) {
  return static_cast<std::uint8_t>(1u << draw(moment, kDrawBit, 8));
}

// Writes behind the target's back, whatever mode its descriptor was opened with.
void store(int fd, const void* bytes, std::uint64_t count, std::uint64_t offset) {
  Text<48> path;
  path << "/proc/self/fd/" << fd;
  const long own = raw(__NR_openat, AT_FDCWD, path.data(), O_WRONLY | O_CLOEXEC);
  if (own < 0) return;
  DiskWrite(fd, offset, count, kAnyPlace).end(raw(__NR_pwrite64, own, bytes, count, offset));
  raw(__NR_close, own);
}

bool moves_offset(const Moment& moment) {
  const auto number = moment.frame.number;
  return number == __NR_write || number == __NR_writev || number == __NR_sendfile ||
         (number == __NR_pwritev2 && static_cast<std::int64_t>(moment.frame.r10) == -1);
}

// As if `bytes` had been written: the offset moves on over them.
void pretend_written(Moment& moment, std::uint64_t stored, std::uint64_t bytes) {
  if (moves_offset(moment)) raw(__NR_lseek, moment.fd, bytes - stored, 1 /* SEEK_CUR */);
  moment.result = static_cast<long>(bytes);
}

bool corrupt_write(Moment& moment) {
  std::uint64_t offset;
  moment.carry_out();
  if (moment.result <= 0 || !find_offset(moment, offset)) return true;
  const auto bytes = static_cast<std::uint64_t>(moment.result);
  const auto place = draw(moment, kDrawPlace, bytes);
  const UserPieces pieces(moment);
  std::uint8_t byte;
  const auto* at = pieces.at(place);
  if (at == nullptr || !get_user(byte, at)) return true;
  byte = static_cast<std::uint8_t>(byte ^ draw_bit(moment));
  store(moment.fd, &byte, 1, offset + place);
  moment.value = offset + place;
  return true;
}

// A read is carried out first: what it returned is known to be there.
bool corrupt_read(Moment& moment) {
  std::uint64_t offset;
  if (!find_offset(moment, offset)) return false;
  std::uint64_t bytes = bytes_asked(moment);
  std::uint64_t end = 0;
  struct stat status;
  if (raw(__NR_fstat, moment.fd, &status) == 0) end = static_cast<std::uint64_t>(status.st_size);
  if (offset >= end || bytes == 0) return false;
  if (bytes > end - offset) bytes = end - offset;
  const auto place = offset + draw(moment, kDrawPlace, bytes);
  const auto count = parameter(*moment.rule, "bytes");
  if (!mark_file(moment, MarkKind::changed, place, place + (count == 0 ? 1 : count),
                 draw_bit(moment))) {
    return false;
  }
  moment.value = place;
  carry_out_over_marks(moment);
  return true;
}

// A page of a mapping that cannot be read: the file is mapped there as it is far behind its end,
// which is SIGBUS with BUS_ADRERR, too, and EFAULT for calls. The page is lost in this mapping and
// in those that a fork copies.
bool lose_page(Moment& moment) {
  constexpr std::uint64_t kPageBytes = 4096, kFarBehind = 1ull << 43;
  const auto& f = moment.frame;
  struct stat status;
  moment.carry_out();
  const bool is_mapped = moment.result >= 0 || moment.result < -4096;
  if (!is_mapped || raw(__NR_fstat, moment.fd, &status) != 0) return false;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (f.r9 >= size) return false;
  const auto bytes = f.rsi < size - f.r9 ? f.rsi : size - f.r9;
  const auto page = draw(moment, kDrawPlace, (bytes + kPageBytes - 1) / kPageBytes);
  const auto at = static_cast<std::uint64_t>(moment.result) + page * kPageBytes;
  moment.value = f.r9 + page * kPageBytes;
  const long lost = raw(__NR_mmap, at, kPageBytes, f.rdx, MAP_PRIVATE | MAP_FIXED, moment.fd,
                        kFarBehind + moment.value);
  if (lost != static_cast<long>(at)) return false;
  note_lost_page(at);
  return true;
}

bool shorten(Moment& moment, bool silently) {
  const auto bytes = bytes_asked(moment);
  if (bytes < 2) return false;
  const auto fewer = 1 + draw(moment, kDrawBytes, bytes - 1);
  {
    const Shortened arguments(moment, fewer);
    carry_out_over_marks(moment);
  }
  if (moment.result > 0) moment.value = static_cast<std::uint64_t>(moment.result);
  if (silently && moment.result > 0) {
    pretend_written(moment, static_cast<std::uint64_t>(moment.result), bytes);
  }
  return true;
}

// Opening a file that is there takes none.
bool needs_space(Moment& moment) {
  struct stat status;
  return (moment.ops & bit_of(Op::open)) == 0 ||
         raw(__NR_newfstatat, AT_FDCWD, moment.path(), &status, 0) != 0;
}

bool fits_into_budget(const Moment& moment) {
  auto& state = fault_state();
  const bool writes = (moment.ops & bit_of(Op::write)) != 0;
  const auto bytes = writes ? bytes_asked(moment) : 0;
  if (state.disk_bytes_written + bytes > state.disk_budget) {
    state.disk_bytes_written = state.disk_budget;
    return false;
  }
  state.disk_bytes_written += bytes;
  return writes || state.disk_bytes_written < state.disk_budget;
}

}  // namespace

bool is_disk_full() {
  const auto& state = fault_state();
  if (state.disk_budget != 0 && state.disk_bytes_written >= state.disk_budget) return true;
  return world().scheduler.now_ns < state.disk_full_until_ns;
}

namespace strike {

bool disk_write_fail(Moment& moment) { return answer_error(moment); }
bool disk_read_fail(Moment& moment) {
  return moment.frame.number == __NR_mmap ? lose_page(moment) : answer_error(moment);
}
bool disk_fsync_fail(Moment& moment) {
  answer_error(moment);
  if (!has_disk()) return true;
  if (moment.point.target == Target::mapping) {
    disk::fail_sync_of_mapping(moment.frame.rdi, moment.frame.rsi, moment.error);
  } else if (auto* node = disk_file(moment.fd)) {
    disk::fail_sync(*node, moment.fd, moment.error);
  }
  return true;
}

bool disk_rename_fail(Moment& moment) { return answer_error(moment); }
bool disk_delete_fail(Moment& moment) { return answer_error(moment); }
bool disk_open_fail(Moment& moment) { return answer_error(moment); }

bool disk_partial_write(Moment& moment) {
  return shorten(moment, parameter(*moment.rule, "silent") != 0);
}

bool disk_short_read(Moment& moment) { return shorten(moment, false); }

bool disk_corruption(Moment& moment) {
  const bool writes = (moment.ops & bit_of(Op::write)) != 0;
  if (writes != (parameter(*moment.rule, "on_write") != 0)) return false;
  return writes ? corrupt_write(moment) : corrupt_read(moment);
}

bool disk_latent_sector(Moment& moment) {
  std::uint64_t offset;
  const auto bytes = bytes_asked(moment);
  if (bytes == 0 || !find_offset(moment, offset)) return false;
  const auto sector = (offset + draw(moment, kDrawPlace, bytes)) / kSectorBytes;
  moment.value = sector * kSectorBytes;
  if (!mark_file(moment, MarkKind::unreadable, sector * kSectorBytes, (sector + 1) * kSectorBytes,
                 0)) {
    return false;
  }
  return answer_error(moment);
}

bool disk_misdirect(Moment& moment) {
  std::uint64_t offset;
  const UserPieces pieces(moment);
  if (moment.point.extent != Extent::rdx || !find_offset(moment, offset)) return false;
  const auto distance = parameter(*moment.rule, "distance");
  const auto place = offset >= distance && draw(moment, kDrawPlace, 2) == 0 ? offset - distance
                                                                            : offset + distance;
  store(moment.fd, pieces.at(0), pieces.bytes(), place);
  moment.answered = true;
  moment.value = place;
  pretend_written(moment, 0, pieces.bytes());
  return true;
}

bool disk_phantom_write(Moment& moment) {
  const auto bytes = bytes_asked(moment);
  if (bytes == 0) return false;
  moment.answered = true;
  moment.value = bytes;
  pretend_written(moment, 0, bytes);
  return true;
}

bool disk_slow(Moment& moment) { return stay(moment, parameter(*moment.rule, "delay")); }
bool disk_stall(Moment& moment) { return stay(moment, parameter(*moment.rule, "delay")); }

bool disk_full(Moment& moment) {
  auto& state = fault_state();
  if (!needs_space(moment)) return false;
  if (parameter(*moment.rule, "budget") != 0 && fits_into_budget(moment)) return false;
  const auto duration_ns = parameter(*moment.rule, "duration");
  const auto until_ns = world().scheduler.now_ns + duration_ns;
  if (duration_ns != 0 && state.disk_full_until_ns < until_ns) state.disk_full_until_ns = until_ns;
  return answer_error(moment);
}

}  // namespace strike
}  // namespace detsim
