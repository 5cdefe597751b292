// A file system that shows what is on the disk again after a failed sync (profiles.def: reverts).
#pragma once
#include "faultplan/disk/record.hpp"

namespace detsim {

constexpr unsigned kRevertedAtOnce = 64;

/// A change of bytes that was not durable, and what lies behind its record.
struct Unsynced {
  FileRecord* record = nullptr;
  ChunkReader image;
};

/// Calls visit(record, image, end, bytes) for the records from number `first` on until it says
/// false: `image` and `end` stand behind its header and behind all of it, `bytes` were passed.
template <typename Visit>
void each_record_from(DiskState& state, const DiskNode& node, std::uint64_t first, Visit visit) {
  ChunkReader reader(state, node.history);
  std::uint64_t bytes = 0;
  for (std::uint64_t i = 0; auto* record = reader.header<FileRecord>(); ++i) {
    const auto image = reader;
    reader.bytes(nullptr, record->image_bytes);
    reader.align();
    bytes += sizeof(FileRecord) + record->image_bytes;
    if (i >= first && !visit(*record, image, reader, bytes)) return;
  }
}

template <typename File>
void take_back_bytes(const Unsynced& change, File& file) {
  const auto& record = *change.record;
  if (record.kind == FileEventKind::extend) return file.cut(record.offset);
  auto image = change.image;
  std::uint8_t bytes[1024];
  for (std::uint64_t done = 0; done < record.length;) {
    const auto left = record.length - done;
    const auto count = left < sizeof bytes ? left : sizeof bytes;
    image.bytes(bytes, count);
    file.write(record.offset + done, bytes, count);
    done += count;
  }
}

/// Takes back what was written since the file was last durable, the last first, by
/// file.write(offset, bytes, count) and file.cut(size). What is not bytes alone stays, and what was
/// before it: a truncation, a hole, a write that is durable by itself.
template <typename File>
void revert_unsynced(DiskState& state, DiskNode& node, File& file) {
  ChunkList kept;
  std::uint64_t count = 0, first = 0, size = node.size;
  each_record_from(state, node, 0, [&](auto& record, auto&, auto& end, auto bytes) {
    ++count;
    const bool is_plain =
        record.kind == FileEventKind::overwrite || record.kind == FileEventKind::extend;
    if (is_plain && (record.flags & kRecordDurable) == 0) return true;
    first = count;
    kept = end.until_here(node.history, bytes);
    return true;
  });
  while (count > first) {
    const auto from = count - first > kRevertedAtOnce ? count - kRevertedAtOnce : first;
    Unsynced changes[kRevertedAtOnce];
    unsigned used = 0;
    each_record_from(state, node, from, [&](auto& record, auto& image, auto&, auto) {
      changes[used++] = {&record, image};
      return from + used < count;
    });
    while (used != 0) {
      const auto& change = changes[--used];
      take_back_bytes(change, file);
      if (change.record->kind == FileEventKind::extend) size = change.record->offset;
    }
    count = from;
  }
  note_reverted(state, node, kept, size);
}

}  // namespace detsim
