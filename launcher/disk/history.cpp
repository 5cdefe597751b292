#include "launcher/disk/history.hpp"

#include <algorithm>

namespace detsim {
namespace {

std::string read_text(ChunkReader& reader, std::size_t bytes) {
  std::string text(bytes, 0);
  reader.bytes(text.data(), bytes);
  return text;
}

FileHistory read_file(DiskState& state, const DiskNode& node) {
  FileHistory file{.node = number_of(state, node),
                   .size = node.size,
                   .flushed_at = node.flushed_at,
                   .sizes = {},
                   .events = {}};
  const auto count = std::min<std::uint32_t>(node.sizes_used, kSizesKept);
  file.sizes.assign(node.sizes, node.sizes + count);
  std::sort(file.sizes.begin(), file.sizes.end());
  ChunkReader reader(state, node.history);
  while (const auto* record = reader.header<FileRecord>()) {
    FileEvent event{.record = *record, .image = {}};
    event.image.resize(record->image_bytes);
    reader.bytes(event.image.data(), event.image.size());
    reader.align();
    file.events.push_back(std::move(event));
  }
  return file;
}

}  // namespace

std::uint64_t FileEvent::size_after() const {
  switch (record.kind) {
    case FileEventKind::extend: return end();
    case FileEventKind::truncate: return record.size_before > record.offset ? record.offset : end();
    default: return record.size_before;
  }
}

DiskHistory read_history(DiskState& state) {
  DiskHistory history;
  history.profile = state.profile;
  history.durable_at = state.durable_at;
  ChunkReader reader(state, state.changes);
  while (const auto* record = reader.header<ChangeRecord>()) {
    DiskChange change{.record = *record, .name = {}, .to_name = {}};
    change.name = read_text(reader, record->name_bytes);
    change.to_name = read_text(reader, record->to_name_bytes);
    reader.align();
    history.changes.push_back(std::move(change));
  }
  for (std::uint32_t number = 1; number <= state.nodes_used; ++number) {
    const auto& node = node_at(state, number);
    if (node.kind != NodeKind::file || node.history.bytes == 0) continue;
    history.files.emplace(node.ordinal, read_file(state, node));
  }
  return history;
}

void split_renames(DiskHistory& history) {
  std::vector<DiskChange> changes;
  for (auto& change : history.changes) {
    const bool is_of_file = (change.record.flags & kChangeOfDirectory) == 0;
    if (change.record.kind != ChangeKind::move || !is_of_file) {
      changes.push_back(std::move(change));
      continue;
    }
    auto comes = change, goes = change;
    comes.record.kind = ChangeKind::add;
    comes.record.directory = change.record.to_directory;
    comes.record.name_bytes = change.record.to_name_bytes;
    comes.name = change.to_name;
    goes.record.kind = ChangeKind::remove;
    goes.record.replaced = 0;
    for (auto* half : {&comes, &goes}) {
      half->record.to_directory = half->record.to_name_bytes = 0;
      half->to_name.clear();
      changes.push_back(std::move(*half));
    }
  }
  history.changes = std::move(changes);
}

}  // namespace detsim
