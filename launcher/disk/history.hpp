// What the run wrote down of its disk (faultplan/disk/), read out of the world: all that had not
// become durable when the power went.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "faultplan/disk/changes.hpp"
#include "faultplan/disk/record.hpp"

namespace detsim {

struct DiskChange {
  ChangeRecord record;
  std::string name, to_name;

  bool is_durable() const { return (record.flags & kChangeDurable) != 0; }
};

struct FileEvent {
  FileRecord record;
  std::vector<std::uint8_t> image;

  std::uint64_t end() const { return record.offset + record.length; }
  std::uint64_t size_after() const;
};

struct FileHistory {
  std::uint32_t node = 0;
  std::uint64_t size = 0;  // visible
  std::uint64_t flushed_at = 0;
  std::vector<std::uint64_t> sizes;  // that it had
  std::vector<FileEvent> events;
};

struct DiskHistory {
  ProfileId profile = ProfileId::ext4_ordered;
  std::uint64_t durable_at = 0;
  std::vector<DiskChange> changes;             // in order
  std::map<std::uint64_t, FileHistory> files;  // by their nodes' ordinals
};

DiskHistory read_history(DiskState& state);
/// Renames of files as two changes: the new name comes, and the old one goes.
void split_renames(DiskHistory& history);

}  // namespace detsim
