#include "faultplan/disk/record.hpp"

#include "faultplan/disk/changes.hpp"
#include "scheduler/choice.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kPageBytes = 4096;

std::uint32_t& bucket_of(DiskState& state, std::uint64_t device, std::uint64_t number) {
  return state.buckets[mix64(number + device * 0x9e3779b97f4a7c15u) % kNodeBuckets];
}

const Profile& profile(const DiskState& state) { return profile_of(state.profile); }

// -- the second bookkeeping

constexpr std::uint64_t kPagesPerChunk = std::uint64_t{Chunk::kBytes} * 8;

void mark_dirty(DiskState& state, DiskNode& node, std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) return;
  const auto last = (end - 1) / kPageBytes;
  auto& pages = node.dirty_pages;
  while (pages.bytes <= last) {  // counts pages here
    const auto number = take_chunk(state);
    if (pages.last == 0) {
      pages.first = number;
    } else {
      chunk_at(state, pages.last).next = number;
    }
    pages.last = number;
    pages.bytes += kPagesPerChunk;
  }
  auto chunk = pages.first;
  std::uint64_t base = 0;
  for (auto page = begin / kPageBytes; page <= last; ++page) {
    while (page >= base + kPagesPerChunk) {
      chunk = chunk_at(state, chunk).next;
      base += kPagesPerChunk;
    }
    chunk_at(state, chunk).bytes[(page - base) / 8] |=
        static_cast<std::uint8_t>(1u << ((page - base) % 8));
  }
}

// -- changes

void release(DiskState& state, std::uint32_t number) {
  append_bytes(state, state.released, &number, sizeof number);
  std::uint32_t padding = 0;
  append_bytes(state, state.released, &padding, sizeof padding);
}

void settle(DiskState& state, std::uint32_t number) {
  if (number == 0) return;
  auto& node = node_at(state, number);
  DETSIM_INVARIANT(node.pending > 0);
  if (--node.pending != 0) return;
  if (node.in_grave) release(state, number);
  if (!node.is_known) forget_node(state, node);
}

void make_durable(DiskState& state, ChangeRecord& change) {
  if ((change.flags & kChangeDurable) != 0) return;
  change.flags |= kChangeDurable;
  if (change.kind == ChangeKind::flush) node_at(state, change.node).flushed_at = change.sequence;
  settle(state, change.node);
  settle(state, change.replaced);
}

struct ReadChange {
  ChangeRecord* record = nullptr;
  char name[256] = {};
  char to_name[256] = {};
};

bool read_change(ChunkReader& reader, ReadChange& change) {
  change.record = reader.header<ChangeRecord>();
  if (change.record == nullptr) return false;
  reader.bytes(change.name, change.record->name_bytes);
  reader.bytes(change.to_name, change.record->to_name_bytes);
  reader.align();
  return true;
}

// What is durable at the front is gone.
void drop_durable(DiskState& state) {
  ChunkReader reader(state, state.changes);
  ChunkReader front = reader;
  ReadChange change;
  while (read_change(reader, change) && (change.record->flags & kChangeDurable) != 0) {
    front = reader;
  }
  if (state.changes.first != 0) front.drop_before(state.changes);
}

void commit(DiskState& state, std::uint64_t until) {
  if (until <= state.durable_at) return;
  state.durable_at = until;
  ChunkReader reader(state, state.changes);
  ReadChange change;
  while (read_change(reader, change) && change.record->sequence <= until) {
    make_durable(state, *change.record);
  }
  drop_durable(state);
}

// -- closure: what a set of changes needs

auto& place_of(Needs& needs, std::uint64_t key) {
  auto at = key % kNeedsMax;
  while (needs.each[at].epoch == needs.epoch && needs.each[at].key != key) {
    at = (at + 1) % kNeedsMax;
  }
  return needs.each[at];
}

void need(Needs& needs, std::uint64_t key, std::uint64_t sequence) {
  DETSIM_INVARIANT(needs.used < kNeedsMax - 1);
  auto& place = place_of(needs, key);
  if (place.epoch != needs.epoch) {
    place = {needs.epoch, key, 0};
    ++needs.used;
  }
  if (place.sequence < sequence) place.sequence = sequence;
}

bool is_needed(Needs& needs, std::uint64_t key, std::uint64_t sequence) {
  const auto& place = place_of(needs, key);
  return place.epoch == needs.epoch && sequence < place.sequence;
}

// Makes those changes durable for which `wanted` holds, and all that they need. There is no order
// but that of need.
template <typename Wanted>
void make_durable_with_needs(DiskState& state, Wanted wanted) {
  auto& needs = state.needs;
  ++needs.epoch;
  needs.used = 0;
  for (bool found = true; found;) {
    found = false;
    ChunkReader reader(state, state.changes);
    ReadChange change;
    while (read_change(reader, change)) {
      auto& record = *change.record;
      if ((record.flags & kChangeDurable) != 0) continue;
      const auto keys = keys_of(record, change.name, change.to_name);
      bool is_wanted = wanted(record);
      for (unsigned i = 0; i < keys.touched && !is_wanted; ++i) {
        is_wanted = is_needed(needs, keys.touches[i], record.sequence);
      }
      if (!is_wanted) continue;
      make_durable(state, record);
      for (unsigned i = 0; i < keys.found; ++i) need(needs, keys.finds[i], record.sequence);
      found = true;
    }
  }
  drop_durable(state);
}

// -- files

void forget_history(DiskState& state, DiskNode& node) {
  clear_stream(state, node.history);
  node.open_extension = 0;
  node.sizes_used = 0;
  clear_stream(state, node.dirty_pages);
}

// A sync succeeded. After one that failed, what it covers is for the launcher to find out.
void settle_history(DiskState& state, DiskNode& node) {
  node.is_dirty = false;
  node.has_appended = false;
  if (node.kind != NodeKind::file) return;
  if (node.has_failed) {
    append_record(state, node, FileEventKind::synced, 0, 0);
  } else {
    forget_history(state, node);
  }
}

void push_size(DiskNode& node, std::uint64_t size) {
  node.sizes[node.sizes_used++ % kSizesKept] = size;
}

void note_event(DiskState& state, DiskNode& node) {
  node.changed_at = state.sequence;
  state.last_extended = 0;
  node.open_extension = 0;
}

void note_extended(DiskState& state, DiskNode& node, std::uint64_t size, std::uint32_t flags) {
  auto* open = reinterpret_cast<FileRecord*>(node.open_extension);
  if (open != nullptr && state.last_extended == number_of(state, node) && open->flags == flags) {
    open->length = size - open->offset;
  } else {
    auto& record = append_record(state, node, FileEventKind::extend, node.size, size - node.size);
    record.flags = flags;
    node.open_extension = reinterpret_cast<std::uint64_t>(&record);
    state.last_extended = number_of(state, node);
  }
  node.size = size;
  node.changed_at = node.resized_at = state.sequence;
  node.has_appended = true;
  push_size(node, size);
}

std::uint32_t text_bytes(const char* text) {
  return static_cast<std::uint32_t>(__builtin_strlen(text));
}

}  // namespace

DiskNode* find_node(DiskState& state, std::uint64_t device, std::uint64_t number) {
  for (auto at = bucket_of(state, device, number); at != 0; at = node_at(state, at).next) {
    auto& node = node_at(state, at);
    if (node.device == device && node.number == number) return &node;
  }
  return nullptr;
}

DiskNode& make_node(DiskState& state, NodeKind kind, std::uint64_t device, std::uint64_t number,
                    std::uint64_t size) {
  auto at = state.node_free;
  if (at != 0) {
    state.node_free = node_at(state, at).next;
  } else {
    DETSIM_INVARIANT(state.nodes_used < kNodesMax);
    at = ++state.nodes_used;
  }
  auto& node = node_at(state, at);
  node = {};
  node.kind = kind;
  node.device = device;
  node.number = number;
  node.size = size;
  auto& bucket = bucket_of(state, device, number);
  node.next = bucket;
  node.is_known = true;
  if (kind != NodeKind::outside) node.ordinal = ++state.ordinals;
  bucket = at;
  return node;
}

void hide_node(DiskState& state, DiskNode& node) {
  if (!node.is_known) return;
  const auto number = number_of(state, node);
  auto* at = &bucket_of(state, node.device, node.number);
  while (*at != number) at = &node_at(state, *at).next;
  *at = node.next;
  node.is_known = false;
}

void forget_node(DiskState& state, DiskNode& node) {
  const auto number = number_of(state, node);
  hide_node(state, node);
  forget_history(state, node);
  if (state.last_extended == number) state.last_extended = 0;
  node = {};
  node.next = state.node_free;
  state.node_free = number;
}

FileRecord& append_record(DiskState& state, DiskNode& node, FileEventKind kind,
                          std::uint64_t offset, std::uint64_t length) {
  auto& record = *static_cast<FileRecord*>(append_header(state, node.history, sizeof(FileRecord)));
  record = {};
  record.kind = kind;
  record.sequence = ++state.sequence;
  record.offset = offset;
  record.length = length;
  record.size_before = node.size;
  node.open_extension = 0;
  state.last_extended = 0;
  return record;
}

void take_back(DiskState& state, DiskNode& node, const ChunkList& before) {
  cut_back(state, node.history, before);
}

void note_written(DiskState& state, DiskNode& node, FileRecord* image, std::uint64_t offset,
                  std::uint64_t bytes, bool is_durable) {
  const bool was_clean =
      node.history.bytes == (image == nullptr ? 0 : sizeof *image + image->image_bytes);
  const std::uint32_t flags = is_durable ? kRecordDurable : 0;
  if (image != nullptr) {
    const auto below = node.size - offset;
    image->length = bytes < below ? bytes : below;
    image->flags = flags;
    note_event(state, node);
  }
  const auto from = node.size;
  if (offset + bytes > node.size) note_extended(state, node, offset + bytes, flags);
  mark_dirty(state, node, offset < from ? offset : from, offset + bytes);
  if (!is_durable) return;
  if (was_clean) return note_synced(state, node, SyncKind::data);
  const bool has_grown = node.size != from;
  const auto& rules = profile(state);
  const bool commits =
      rules.order == ChangeOrder::everything || (has_grown && rules.sync == SyncReach::earlier);
  if (commits) commit(state, state.sequence);
}

void note_resized(DiskState& state, DiskNode& node, FileRecord& image, std::uint64_t size) {
  const auto sequence = image.sequence;
  image.offset = size < node.size ? size : node.size;
  image.length = size < node.size ? node.size - size : size - node.size;
  mark_dirty(state, node, image.offset, image.offset + image.length);
  node.size = size;
  push_size(node, size);
  note_event(state, node);
  node.resized_at = node.changed_at = sequence;
  if (size == 0) node.flush_on_close = true;
  note_change(state, {.kind = ChangeKind::resize, .node = &node});
}

void note_punched(DiskState& state, DiskNode& node, FileRecord& image) {
  mark_dirty(state, node, image.offset, image.offset + image.length);
  // Since 6.18 the size on the disk reaches at least to the end of the hole, with or without the
  // data (fs/ext4/inode.c, ext4_update_disksize_before_punch).
  const bool is_ext4 =
      state.profile == ProfileId::ext4_ordered || state.profile == ProfileId::ext4_journal;
  if (is_ext4) push_size(node, image.offset + image.length);
  note_event(state, node);
  node.resized_at = node.changed_at;
  note_change(state, {.kind = ChangeKind::resize, .node = &node});
}

void note_closed(DiskState& state, DiskNode& node) {
  if (!node.flush_on_close || !profile(state).flushes) return;
  node.flush_on_close = false;
  if (node.has_appended) note_change(state, {.kind = ChangeKind::flush, .node = &node});
}

// A truncation has the sequence number of its record in the file's history.
void note_change(DiskState& state, const NewChange& change) {
  const bool is_of_file = change.kind == ChangeKind::resize || change.kind == ChangeKind::flush;
  const bool flushes = change.kind == ChangeKind::move && change.replaced != nullptr &&
                       !change.of_directory && change.node->has_appended && profile(state).flushes;
  if (flushes) note_change(state, {.kind = ChangeKind::flush, .node = change.node});
  state.last_extended = 0;
  auto& record =
      *static_cast<ChangeRecord*>(append_header(state, state.changes, sizeof(ChangeRecord)));
  record = {};
  record.kind = change.kind;
  record.sequence = change.kind == ChangeKind::resize ? state.sequence : ++state.sequence;
  const auto link = [&](DiskNode* node) -> std::uint32_t {
    if (node == nullptr) return 0;
    ++node->pending;
    return number_of(state, *node);
  };
  record.node = link(change.node);
  record.replaced = link(change.replaced);
  const auto enter = [&](DiskNode* directory) -> std::uint32_t {
    if (directory == nullptr) return 0;
    directory->changed_at = record.sequence;
    directory->is_dirty = true;
    return number_of(state, *directory);
  };
  record.directory = enter(change.directory);
  record.to_directory = enter(change.to_directory);
  if (!is_of_file) {
    change.node->changed_at = record.sequence;
    if (change.replaced != nullptr) change.replaced->changed_at = record.sequence;
  }
  record.mode = change.mode;
  if (change.of_directory) record.flags |= kChangeOfDirectory;
  if (change.replaces_directory) record.flags |= kChangeReplacesDirectory;
  record.name_bytes = static_cast<std::uint16_t>(text_bytes(change.name));
  record.to_name_bytes = static_cast<std::uint16_t>(text_bytes(change.to_name));
  append_bytes(state, state.changes, change.name, record.name_bytes);
  append_bytes(state, state.changes, change.to_name, record.to_name_bytes);
  align_end(state.changes);
}

namespace {

// The changes that go to the disk with a sync.
void sync_changes(DiskState& state, DiskNode& node, SyncKind kind) {
  const auto& rules = profile(state);
  const auto number = number_of(state, node);
  // A directory's names are its data: fdatasync of one is fsync (fs/ext4/fsync.c commits whatever
  // is no regular file, XFS and btrfs make no difference).
  if (node.kind == NodeKind::directory) kind = SyncKind::all;
  if (rules.order == ChangeOrder::everything) {
    commit(state, state.sequence);
  } else if (rules.sync == SyncReach::earlier) {
    const auto until = node.has_appended       ? state.sequence
                       : kind == SyncKind::all ? node.changed_at
                                               : node.resized_at;
    commit(state, until);
  } else {
    const bool names = rules.sync == SyncReach::names && kind == SyncKind::all;
    make_durable_with_needs(state, [&](const ChangeRecord& change) {
      const bool is_of_file = change.kind == ChangeKind::resize || change.kind == ChangeKind::flush;
      if (change.node == number && (names || is_of_file)) return true;
      return !is_of_file && (change.directory == number || change.to_directory == number);
    });
  }
}

bool is_all_within(DiskState& state, const DiskNode& node, std::uint64_t begin, std::uint64_t end) {
  ChunkReader reader(state, node.history);
  while (const auto* record = reader.header<FileRecord>()) {
    const bool is_within = record->offset >= begin && record->offset + record->length <= end;
    if (!is_within && record->kind != FileEventKind::synced_range) return false;
    reader.bytes(nullptr, record->image_bytes);
    reader.align();
  }
  return true;
}

}  // namespace

void note_synced(DiskState& state, DiskNode& node, SyncKind kind) {
  sync_changes(state, node, kind);
  settle_history(state, node);
}

void note_range_synced(DiskState& state, DiskNode& node, std::uint64_t begin, std::uint64_t end) {
  sync_changes(state, node, SyncKind::data);
  if (node.history.bytes == 0) return;
  if (!node.has_failed && is_all_within(state, node, begin, end)) {
    settle_history(state, node);
  } else {
    append_record(state, node, FileEventKind::synced_range, begin, end - begin);
  }
}

void note_all_synced(DiskState& state) {
  commit(state, ++state.sequence);
  for (std::uint32_t number = 1; number <= state.nodes_used; ++number) {
    auto& node = node_at(state, number);
    if (node.kind == NodeKind::none || node.kind == NodeKind::outside) continue;
    settle_history(state, node);
  }
}

void note_sync_failed(DiskState& state, DiskNode& node) {
  if (node.history.bytes == 0) return;
  append_record(state, node, FileEventKind::failed, 0, 0);
  node.has_failed = true;
}

void note_reverted(DiskState& state, DiskNode& node, const ChunkList& kept, std::uint64_t size) {
  node.size = size;
  state.last_extended = 0;
  if (kept.bytes == 0) {
    forget_history(state, node);
    node.has_appended = false;
    return;
  }
  cut_back(state, node.history, kept);
  node.open_extension = 0;
  node.sizes_used = 0;
  push_size(node, size);
  note_sync_failed(state, node);
}

std::uint32_t take_released(DiskState& state) {
  if (state.released.first == 0) return 0;
  ChunkReader reader(state, state.released);
  const auto* number = reader.header<std::uint64_t>();
  if (number == nullptr) return 0;
  const auto result = static_cast<std::uint32_t>(*number);
  reader.drop_before(state.released);
  forget_node(state, node_at(state, result));
  return result;
}

bool is_page_dirty(DiskState& state, const DiskNode& node, std::uint64_t page) {
  const auto& pages = node.dirty_pages;
  if (page >= pages.bytes) return false;
  auto chunk = pages.first;
  for (; page >= kPagesPerChunk; page -= kPagesPerChunk) chunk = chunk_at(state, chunk).next;
  return (chunk_at(state, chunk).bytes[page / 8] >> (page % 8) & 1) != 0;
}

}  // namespace detsim
