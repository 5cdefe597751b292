// What the disk of a run has promised to keep, and what it could still forget: data at kWorldDisk.
// kWorldDisk. docs/disk.md is the page to this. Zeroed memory is a disk that is not modelled.
//
// What is visible is in the file system itself (a private copy). Here is what leads back from it:
//   - changes: of names, and of files as a whole (truncation), in order;
//   - per file a history of what its bytes were before they were written (its stream).
// What a sync makes durable is taken out of both. A power loss (launcher/disk/) draws which of the
// rest had reached the disk, and takes the others back.
#pragma once
#include <cstddef>
#include <cstdint>

#include "faultplan/disk/profiles.hpp"

namespace detsim {

constexpr std::uint32_t kChunkBytes = 16384;
constexpr std::uint32_t kChunksMax = 1u << 20;  // 16 GiB
/// What lies behind so many is in a file and not in memory: mapped there by the launcher, and by
/// the shim in every new image.
constexpr std::uint32_t kChunksInMemory = (256u << 20) / kChunkBytes;
constexpr const char* kOverflowName = "overflow";  // of that file, in DiskState::own
constexpr std::uint32_t kNodesMax = 1u << 21;
constexpr std::uint32_t kNodeBuckets = 1u << 20;
constexpr unsigned kViewsMax = 16;
constexpr unsigned kDiskTextBytes = 4096;
constexpr unsigned kSizesKept = 16;
constexpr std::uint64_t kSectorBytes = 512;

/// A sequence of records in chunks; chunk numbers are index + 1, 0 is none. Records are aligned to
/// 8 bytes and may lie across chunks.
struct ChunkList {
  std::uint32_t first = 0, last = 0;
  std::uint32_t begin = 0;  // bytes of the first chunk that are gone
  std::uint32_t end = 0;    // bytes of the last chunk in use
  std::uint64_t bytes = 0;
};

struct Chunk {
  static constexpr std::uint32_t kBytes = kChunkBytes - 8;
  std::uint32_t next = 0;
  std::uint32_t unused = 0;
  std::uint8_t bytes[kBytes] = {};
};
static_assert(sizeof(Chunk) == kChunkBytes);

enum class NodeKind : std::uint8_t { none, file, directory, outside };

/// A file or directory of the disk that the run has changed or looked at; or (outside) a file that
/// is known to be none of it.
struct DiskNode {
  NodeKind kind = NodeKind::none;
  bool in_grave = false;        // has no name any more, and is kept for one that may come back
  bool flush_on_close = false;  // was truncated to nothing, see profiles.def
  bool has_failed = false;      // a sync failed: some pages will never be written
  bool has_appended = false;    // since the last sync
  bool is_known = false;        // found by find_node(); a removed directory is not
  bool is_mapped = false;       // shared, by who may write: has a name among the graves
  bool is_followed = false;     // somebody may store to it by a mapping: see stores.hpp
  std::uint32_t next = 0;       // in its bucket, or in the free list
  std::uint64_t device = 0, number = 0;  // real
  std::uint64_t size = 0;                // visible
  std::uint64_t changed_at = 0;          // sequence number of the last event of it
  std::uint64_t resized_at = 0;          // of the last that changed what is needed to find its data
  std::uint64_t flushed_at = 0;          // what was appended until then is durable
  std::uint32_t pending = 0;             // changes that are about it and not durable
  std::uint32_t unused = 0;
  std::uint64_t ordinal = 0;  // of the disk's files, as the run came upon them: draws depend on it
  std::uint64_t open_extension = 0;  // address of the last record, if it can be prolonged
  ChunkList history;
  std::uint32_t sizes_used = 0;  // sizes that it had since the last sync, the last ones
  std::uint64_t sizes[kSizesKept] = {};
  std::uint32_t failures = 0;                          // of syncs
  std::int32_t failed_how = 0;                         // the last one's errno
  std::uint64_t followed_begin = 0, followed_end = 0;  // the bytes that were ever mapped
  // The second bookkeeping, which the model is checked against: see faultplan/disk/dirty.hpp.
  ChunkList dirty_pages;
  std::uint64_t dirty_end = 0;  // pages from here on are clean
  bool is_dirty = false;        // a directory: names changed since it was durable
};

/// What happened to a file, in its history.
enum class FileEventKind : std::uint32_t {
  overwrite,    // image: what was in [offset, offset + length)
  extend,       // from size `offset` to `offset + length`
  truncate,     // to another size: [offset, offset + length) came or went; image: what went
  punch,        // image: what was in [offset, offset + length), which became zeros
  synced,       // a sync succeeded although an earlier one had failed
  failed,       // a sync failed
  synced_range  // a sync of [offset, offset + length) alone succeeded (msync)
};

struct FileRecord {
  FileEventKind kind = FileEventKind::overwrite;
  std::uint32_t flags = 0;
  std::uint64_t sequence = 0;
  std::uint64_t offset = 0, length = 0;
  std::uint64_t size_before = 0;
  std::uint64_t image_bytes = 0;  // that follow
};
constexpr std::uint32_t kRecordDurable = 1;  // O_DSYNC and the like: this one, and no other

/// A change of names, or one that is ordered with them.
enum class ChangeKind : std::uint32_t {
  add,       // `name` in `directory` is `node` now
  remove,    // `name` in `directory` was `node`
  move,      // `name` in `directory` is `to_name` in `to_directory` now, in place of `replaced`
  exchange,  // the two changed places; `replaced` is what was at `to_name`
  resize,    // truncate or punch of `node`: the record with this sequence number
  flush      // what was appended to `node` until now is written before what follows
};

struct ChangeRecord {
  ChangeKind kind = ChangeKind::add;
  std::uint32_t flags = 0;
  std::uint64_t sequence = 0;
  std::uint32_t node = 0, directory = 0, to_directory = 0, replaced = 0;
  std::uint32_t mode = 0;                           // of a directory, to make it again
  std::uint16_t name_bytes = 0, to_name_bytes = 0;  // that follow, not terminated
};
constexpr std::uint32_t kChangeDurable = 1, kChangeOfDirectory = 2, kChangeReplacesDirectory = 4;

/// What changes that are to be durable need: keys (changes.hpp), and up to which sequence number.
constexpr std::uint32_t kNeedsMax = 1u << 16;
struct Needs {
  std::uint64_t epoch = 0;
  std::uint32_t used = 0;
  struct {
    std::uint64_t epoch = 0, key = 0, sequence = 0;
  } each[kNeedsMax];
};

/// An open file that was told of its node's so-manieth failure (interpose/disk/told.hpp).
struct Told {
  std::uint32_t node = 0, failures = 0;
  std::int32_t real_pid = 0, fd = 0;
};
constexpr std::uint32_t kToldMax = 1024;

/// A directory of the disk: where the target sees it, and where it lies for everybody else.
struct DiskView {
  char shown[kDiskTextBytes] = {};
  char real[kDiskTextBytes] = {};
};

struct DiskState {
  bool enabled = false;
  ProfileId profile = ProfileId::ext4_ordered;
  std::uint32_t views_used = 0;
  DiskView views[kViewsMax];
  char own[kDiskTextBytes] = {};  // a directory for what is kept, on the file system of the views

  std::uint64_t sequence = 0;       // of the last event
  std::uint64_t durable_at = 0;     // ordered profiles: all changes until then are durable
  std::uint32_t last_extended = 0;  // node whose extension was the last event; 0: another event was
  ChunkList changes;
  std::uint64_t told_so_far = 0;
  Told told[kToldMax];  // the last ones
  ChunkList released;   // numbers of nodes whose grave is to be emptied
  Needs needs;

  std::uint64_t ordinals = 0;
  std::uint32_t nodes_used = 0, node_free = 0;
  std::uint32_t buckets[kNodeBuckets] = {};
  DiskNode nodes[kNodesMax];

  bool stays_in_memory = false;    // not everybody can map the overflow
  std::uint64_t overflow_end = 0;  // of the bytes of it that have room on the file system
  std::uint32_t chunks_used = 0, chunk_free = 0, chunks_held = 0, chunks_held_max = 0;
  Chunk chunks[kChunksMax];
};
static_assert(sizeof(DiskState) < (24ull << 30));

/// Room in the overflow is made for so much at once.
constexpr std::uint64_t kOverflowStepBytes = 1 << 20;

/// Where the chunks are that lie in a file, whole pages.
struct OverflowRange {
  std::uint64_t begin = 0, bytes = 0;
};
inline OverflowRange overflow_of(const DiskState& state) {
  constexpr std::uint64_t kPageBytes = 4096;
  const auto begin = reinterpret_cast<std::uint64_t>(state.chunks + kChunksInMemory);
  const auto first = (begin + kPageBytes - 1) / kPageBytes * kPageBytes;
  const auto end = reinterpret_cast<std::uint64_t>(state.chunks + kChunksMax);
  return {first, (end - first) / kPageBytes * kPageBytes};
}

/// The part of the overflow that is to have room before the chunk with this number is written to;
/// empty: it has.
inline OverflowRange overflow_to_fill(const DiskState& state, std::uint32_t number) {
  const auto range = overflow_of(state);
  const auto wanted = reinterpret_cast<std::uint64_t>(state.chunks + number) - range.begin;
  if (wanted <= state.overflow_end) return {};
  auto end = (wanted + kOverflowStepBytes - 1) / kOverflowStepBytes * kOverflowStepBytes;
  if (end > range.bytes) end = range.bytes;
  return {range.begin + state.overflow_end, end - state.overflow_end};
}

}  // namespace detsim
