// disk.stale_read: what was in a file before it was written last. Kept only for plans that have
// the fault, a page per write and the last ones only.
#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/faults/effects.hpp"
#include "interpose/faults/marks.hpp"
#include "interpose/faults/pieces.hpp"

namespace detsim {
namespace {

constexpr unsigned kKept = 256;
constexpr std::uint64_t kKeptBytes = 4096;

struct Before {
  std::uint32_t file = 0;
  std::uint64_t offset = 0, bytes = 0;
  std::uint8_t data[kKeptBytes] = {};
};

struct Past {
  std::uint64_t writes = 0;
  Before kept[kKept];
};

Past& past() { return *reinterpret_cast<Past*>(kWorldPast); }

// The last write that the range meets; nullptr: none is known.
const Before* find(std::uint32_t file, std::uint64_t begin, std::uint64_t end) {
  const auto& all = past();
  const auto count = all.writes < kKept ? all.writes : kKept;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const auto& before = all.kept[(all.writes - i) % kKept];
    if (before.file == file && before.offset < end && begin < before.offset + before.bytes) {
      return &before;
    }
  }
  return nullptr;
}

}  // namespace

void keep_past(const Moment& moment) {
  std::uint64_t offset;
  if (moment.file == nullptr || (moment.ops & bit_of(Op::write)) == 0) return;
  if ((fault_state().ops & bit_of(Op::stale)) == 0 || !find_offset(moment, offset)) return;
  Text<48> path;
  path << "/proc/self/fd/" << moment.fd;
  const long own = raw(__NR_openat, AT_FDCWD, path.data(), O_RDONLY | O_CLOEXEC);
  if (own < 0) return;
  auto& before = past().kept[past().writes % kKept];
  const auto asked = bytes_asked(moment);
  const long bytes =
      raw(__NR_pread64, own, before.data, asked < kKeptBytes ? asked : kKeptBytes, offset);
  raw(__NR_close, own);
  if (bytes <= 0) return;
  before.file = index_of(*moment.file);
  before.offset = offset;
  before.bytes = static_cast<std::uint64_t>(bytes);
  ++past().writes;
}

bool strike::disk_stale_read(Moment& moment) {
  std::uint64_t offset;
  if (moment.file == nullptr || !find_offset(moment, offset)) return false;
  const auto* before = find(index_of(*moment.file), offset, offset + bytes_asked(moment));
  if (before == nullptr) return false;
  carry_out_over_marks(moment);
  const auto read = moment.result > 0 ? static_cast<std::uint64_t>(moment.result) : 0;
  const UserPieces pieces(moment);
  for (std::uint64_t i = 0; i < before->bytes; ++i) {
    const auto place = before->offset + i;
    if (place < offset || place >= offset + read) continue;
    if (auto* at = pieces.at(place - offset)) copy_to_user(at, before->data + i, 1);
  }
  moment.value = before->offset;
  return true;
}

}  // namespace detsim
