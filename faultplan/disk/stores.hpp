// Stores through shared mappings (MAP_SHARED), of which no call tells. What the model knows of such
// a file lies in another one, and where the two differ somebody has stored. They are compared
// before anything else is written down of the file, at every sync, and when the power fails; what
// was there between two comparisons is not known.
//
// Both lie among the graves: the file as NUMBER (of its node), what is known of it as known-NUMBER.
#pragma once
#include "faultplan/disk/record.hpp"

namespace detsim {

constexpr std::uint64_t kMappingPageBytes = 4096;
constexpr std::uint64_t kComparedBytes = 2 * kMappingPageBytes;  // at once

/// What was stored between `known` and `now`, bytes at `offset`, a multiple of the sector's size.
/// False: nothing.
bool note_difference(DiskState& state, DiskNode& node, std::uint64_t offset,
                     const std::uint8_t* known, const std::uint8_t* now, std::uint64_t bytes);

/// Compares the pages of [begin, end), as far as they were ever mapped. `files` reads, writes and
/// finds data (lseek(2), SEEK_DATA; ~0: none) in the two files, and does not fail.
template <typename Files>
void note_stores(DiskState& state, DiskNode& node, std::uint64_t begin, std::uint64_t end,
                 Files& files) {
  if (begin < node.followed_begin) begin = node.followed_begin;
  if (end > node.followed_end) end = node.followed_end;
  if (end > node.size) end = node.size;
  std::uint8_t now[kComparedBytes], known[kComparedBytes];
  for (auto at = begin; at < end;) {
    const auto data = files.next_data(at);
    if (data >= end) return;
    if (data > at) at = data;
    at = at / kMappingPageBytes * kMappingPageBytes;
    const auto count = end - at < kComparedBytes ? end - at : kComparedBytes;
    files.read_now(now, at, count);
    files.read_known(known, at, count);
    if (note_difference(state, node, at, known, now, count)) files.write_known(now, at, count);
    at += count;
  }
}

}  // namespace detsim
