// What one process of the run found out about code, for the next one that maps the same code: in
// the world, keyed by the build id of the object, so that a short program need not load the decoder
// again. Every use is checked against the bytes that are there.
#pragma once
#include <cstdint>

namespace detsim {

enum class Finding : std::uint32_t {
  none,
  refused,     // a syscall site that must go on trapping
  in_front,    // `length`: bytes of the move in front
  behind,      // `length`: bytes of the syscall and what is moved with it
  scanned,     // a segment was searched; its first instruction to patch is `next`
  instruction  // an instruction to patch: `length` bytes, `detail` as instructions.cpp packs it
};

struct CachedFinding {
  std::uint64_t build_id = 0;
  std::uint64_t offset = 0;  // from the object's base
  Finding finding = Finding::none;
  std::uint32_t length = 0;
  std::uint32_t detail = 0;
  std::uint32_t next = 0;  // scanned, instruction: number of the next instruction's entry + 1
};

/// The entry for a place; nullptr when nothing is known. Segments and sites at the same offset are
/// told apart by `is_segment`.
CachedFinding* find_cached(std::uint64_t build_id, std::uint64_t offset, bool is_segment);
CachedFinding* cached_at(std::uint32_t number);

/// Remembers; 0 when there is no build id or no room. Returns the entry's number + 1.
std::uint32_t cache(const CachedFinding& finding);

}  // namespace detsim
