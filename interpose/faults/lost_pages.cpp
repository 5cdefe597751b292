#include "interpose/faults/lost_pages.hpp"

#include <asm-generic/errno.h>
#include <linux/mman.h>

#include "interpose/base/raw.hpp"
#include "interpose/disk/over_disk.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kPageBytes = 4096;

// The last ones, as they were lost. One that is not mapped any more splits a range into two parts
// that the kernel joins again.
constexpr unsigned kLostMax = 64;
std::uint64_t lost_pages[kLostMax];
std::uint64_t lost_so_far;

bool is_lost(std::uint64_t page) {
  for (const auto each : lost_pages) {
    if (each == page) return true;
  }
  return false;
}

// Where the part ends that begins at `at`.
std::uint64_t end_of_part(std::uint64_t at, std::uint64_t end) {
  if (is_lost(at)) return at + kPageBytes;
  auto next = end;
  for (const auto each : lost_pages) {
    if (each > at && each < next) next = each;
  }
  return next;
}

bool is_error(long result) { return result < 0 && result > -4096; }

long remap(const Call& call, const Frame& f, std::uint64_t at, std::uint64_t bytes,
           std::uint64_t new_bytes, std::uint64_t flags, std::uint64_t to) {
  Frame part = f;
  part.rdi = at;
  part.rsi = bytes;
  part.rdx = new_bytes;
  part.r10 = flags;
  part.r8 = to;
  return carry_out(call, part);
}

}  // namespace

void note_lost_page(std::uint64_t address) { lost_pages[lost_so_far++ % kLostMax] = address; }

bool remaps_lost_pages(const Frame& f) {
  if (f.number != __NR_mremap || lost_so_far == 0) return false;
  for (const auto each : lost_pages) {
    if (each != 0 && each >= f.rdi && each < f.rdi + f.rsi) return true;
  }
  return false;
}

long remap_in_parts(const Call& call, const Frame& f) {
  const auto begin = f.rdi, end = begin + (f.rsi + kPageBytes - 1) / kPageBytes * kPageBytes;
  const auto bytes = (f.rdx + kPageBytes - 1) / kPageBytes * kPageBytes;
  const auto flags = f.r10;
  if (begin % kPageBytes != 0 || bytes < end - begin) return -EFAULT;
  auto last = begin;
  while (end_of_part(last, end) < end) last = end_of_part(last, end);
  const auto grown = bytes - (last - begin);
  if (grown > end - last && is_lost(last)) return -ENOMEM;
  if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) == 0) {
    const long result = remap(call, f, last, end - last, grown, 0, 0);
    if (!is_error(result)) return static_cast<long>(begin);
    if ((flags & MREMAP_MAYMOVE) == 0) return result;
  }
  auto to = f.r8;
  if ((flags & MREMAP_FIXED) == 0) {
    const long room = raw(__NR_mmap, 0, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (is_error(room)) return room;
    to = static_cast<std::uint64_t>(room);
  }
  for (auto at = begin; at < end;) {
    const auto next = end_of_part(at, end);
    const auto place = to + (at - begin);
    const long result =
        remap(call, f, at, next - at, at == last ? grown : next - at, flags | MREMAP_FIXED, place);
    if (is_error(result)) return result;
    if (is_lost(at) && next == at + kPageBytes) note_lost_page(place);
    at = next;
  }
  return static_cast<long>(to);
}

}  // namespace detsim
