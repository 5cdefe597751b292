// The trace file: a head with what the run was, blocks of events, an end with what it came to.
// docs/trace-format.md describes it for people who read it with other tools.
//
// Laws:
//   - equal runs give files that are equal to the byte: no clock, no machine, no real pid, and
//     blocks end after a fixed number of events, however the ring was drained;
//   - every part carries its own check sum, and the end is written last, so that a file that was
//     cut off or damaged is told from a whole one;
//   - what an older version wrote stays readable (tests/trace/golden has a file of each).
// All numbers are little-endian.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "trace/event.hpp"

namespace detsim {

constexpr char kTraceMagic[8] = {'D', 'E', 'T', 'S', 'I', 'M', 'T', 'R'};
constexpr std::uint32_t kTraceVersion = 2;
constexpr std::uint32_t kTraceVersionOldest = 1;
constexpr std::uint32_t kTagEvents = 0x544e5645;  // "EVNT"
constexpr std::uint32_t kTagEnd = 0x20444e45;     // "END "
constexpr std::uint32_t kBlockEvents = 8192;      // in every block but the last
constexpr std::uint32_t kMetadataMax = 1u << 24;

struct FileHead {
  char magic[8] = {};
  std::uint32_t version = 0;
  std::uint32_t event_bytes = 0;
  std::uint32_t metadata_bytes = 0;  // JSON, right behind the head; padded with blanks to 8
  std::uint32_t reserved = 0;
  std::uint64_t metadata_sum = 0;  // XXH3-64, as all sums
};
static_assert(sizeof(FileHead) == 32);

struct BlockHead {
  std::uint32_t tag = 0;  // kTagEvents
  std::uint32_t events = 0;
  std::uint64_t sum = 0;  // of the events behind it
};
static_assert(sizeof(BlockHead) == 16);

struct FileEnd {
  std::uint32_t tag = 0;  // kTagEnd
  std::uint32_t bytes = 0;
  std::uint64_t written = 0;  // events in this file
  std::uint64_t lost = 0;     // events that followed and could not be written
  std::uint64_t digest = 0;   // of all events, as the run counted it (event.hpp)
  char outcome[16] = {};      // how the run ended, in one word
  std::uint64_t sum = 0;      // of all that stands before it in this struct
};
static_assert(sizeof(FileEnd) == 56 && offsetof(FileEnd, sum) == 48);

/// What the run was; stands as JSON at the head of the file.
struct TraceMetadata {
  std::string detsim_version;
  std::uint64_t seed = 0;
  std::string strategy;
  std::vector<std::string> command;
};

std::string to_json(const TraceMetadata& metadata);
/// False when `text` is not what to_json writes; unknown members are allowed.
bool from_json(const std::string& text, TraceMetadata& metadata);

std::uint64_t check_sum(const void* data, std::size_t bytes);

}  // namespace detsim
