// Writing down what happens to the disk. Whoever makes a change to it (the shim, a test) calls
// these functions, in the order in which things happen.
#pragma once
#include "faultplan/disk/chunks.hpp"
#include "faultplan/disk/state.hpp"

namespace detsim {

// -- nodes; their numbers are index + 1, in the order in which the run came upon them
DiskNode* find_node(DiskState& state, std::uint64_t device, std::uint64_t number);
/// A new one; there is none with this identity. `size`: of what is durable by now.
DiskNode& make_node(DiskState& state, NodeKind kind, std::uint64_t device, std::uint64_t number,
                    std::uint64_t size);
/// The kernel may use its identity for another file from now on; changes still refer to it.
void hide_node(DiskState& state, DiskNode& node);
/// Nothing refers to it.
void forget_node(DiskState& state, DiskNode& node);
inline std::uint32_t number_of(const DiskState& state, const DiskNode& node) {
  return static_cast<std::uint32_t>(&node - state.nodes) + 1;
}
inline DiskNode& node_at(DiskState& state, std::uint32_t number) { return state.nodes[number - 1]; }

// -- bytes
/// Bytes [offset, offset + length) of the file are about to change: they are read by
/// `read(to, offset, count)` and kept. `before` is set for take_back().
template <typename Read>
FileRecord* keep_image(DiskState& state, DiskNode& node, FileEventKind kind, std::uint64_t offset,
                       std::uint64_t length, ChunkList& before, Read read);
/// The change did not come to pass.
void take_back(DiskState& state, DiskNode& node, const ChunkList& before);
/// `bytes` bytes were written at `offset`; `image` was kept for those below the size, or nullptr.
/// `is_durable`: they are on the disk (O_DSYNC and the like). Returns the size from before.
void note_written(DiskState& state, DiskNode& node, FileRecord* image, std::uint64_t offset,
                  std::uint64_t bytes, bool is_durable);
/// The file has another size now; `image` was kept (truncate) of what is behind the new one, or
/// made for none.
void note_resized(DiskState& state, DiskNode& node, FileRecord& image, std::uint64_t size);
/// The range of `image` (punch) was made zeros.
void note_punched(DiskState& state, DiskNode& node, FileRecord& image);
/// The last descriptor may have been closed.
void note_closed(DiskState& state, DiskNode& node);

// -- names
struct NewChange {
  ChangeKind kind = ChangeKind::add;
  DiskNode* node = nullptr;
  DiskNode* directory = nullptr;
  DiskNode* to_directory = nullptr;
  DiskNode* replaced = nullptr;
  bool of_directory = false, replaces_directory = false;
  std::uint32_t mode = 0;
  const char* name = "";
  const char* to_name = "";
};
void note_change(DiskState& state, const NewChange& change);

// -- syncs
enum class SyncKind : std::uint8_t { all, data };
void note_synced(DiskState& state, DiskNode& node, SyncKind kind);
/// msync: of its bytes only [begin, end) are synced.
void note_range_synced(DiskState& state, DiskNode& node, std::uint64_t begin, std::uint64_t end);
void note_all_synced(DiskState& state);
/// A sync of the file failed. Its pages count as clean from now on: a later sync that succeeds
/// writes only those that are written to once more.
void note_sync_failed(DiskState& state, DiskNode& node);
/// What the file's history has after `kept` never was: its bytes are as they were then.
void note_reverted(DiskState& state, DiskNode& node, const ChunkList& kept, std::uint64_t size);
/// The next node whose grave is to be emptied, forgotten by now; 0: none.
std::uint32_t take_released(DiskState& state);

// -- the second bookkeeping: pages that were touched since the file was last synced
bool is_page_dirty(DiskState& state, const DiskNode& node, std::uint64_t page);

// ---------------------------------------------------------------------------------------------

FileRecord& append_record(DiskState& state, DiskNode& node, FileEventKind kind,
                          std::uint64_t offset, std::uint64_t length);

template <typename Read>
FileRecord* keep_image(DiskState& state, DiskNode& node, FileEventKind kind, std::uint64_t offset,
                       std::uint64_t length, ChunkList& before, Read read) {
  before = node.history;
  auto& record = append_record(state, node, kind, offset, length);
  for (std::uint64_t done = 0; done < length;) {
    std::uint64_t room;
    auto* to = append_room(state, node.history, length - done, room);
    if (!read(to, offset + done, room)) {
      take_back(state, node, before);
      return nullptr;
    }
    done += room;
  }
  align_end(node.history);
  record.image_bytes = length;
  return &record;
}

}  // namespace detsim
