#include "interpose/entry/rewrite_cache.hpp"

#include "interpose/entry/rewrite.hpp"
#include "scheduler/world.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t kEntriesMax = 16384;
constexpr std::uint32_t kSlots = 2 * kEntriesMax;

// Zeroed memory is an empty cache.
struct Cache {
  DoorCounters counters;
  std::uint32_t count;
  std::uint32_t slots[kSlots];  // by build id and offset: entry number + 1
  CachedFinding entries[kEntriesMax];
};
static_assert(sizeof(Cache) < (1 << 20));

Cache& the_cache() { return *reinterpret_cast<Cache*>(kWorldSites); }

bool is_of_segment(const CachedFinding& entry) { return entry.finding == Finding::scanned; }

std::uint32_t& look_up(std::uint64_t build_id, std::uint64_t offset, bool is_segment) {
  auto& all = the_cache();
  auto slot = mix64(build_id ^ mix64(2 * offset + is_segment)) % kSlots;
  for (;; slot = (slot + 1) % kSlots) {
    const auto number = all.slots[slot];
    if (number == 0) break;
    const auto& entry = all.entries[number - 1];
    if (entry.build_id == build_id && entry.offset == offset &&
        is_of_segment(entry) == is_segment) {
      break;
    }
  }
  return all.slots[slot];
}

}  // namespace

DoorCounters& door_counters() { return the_cache().counters; }

CachedFinding* cached_at(std::uint32_t number) { return &the_cache().entries[number]; }

CachedFinding* find_cached(std::uint64_t build_id, std::uint64_t offset, bool is_segment) {
  if (build_id == 0) return nullptr;
  const auto number = look_up(build_id, offset, is_segment);
  return number == 0 ? nullptr : cached_at(number - 1);
}

std::uint32_t cache(const CachedFinding& finding) {
  auto& all = the_cache();
  if (finding.build_id == 0 || all.count == kEntriesMax) return 0;
  auto& slot = look_up(finding.build_id, finding.offset, is_of_segment(finding));
  if (slot == 0) slot = ++all.count;
  all.entries[slot - 1] = finding;
  return slot;
}

}  // namespace detsim
