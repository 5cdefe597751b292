// Shared mappings of files of the disk: what is stored through them is found by comparing
// (faultplan/disk/stores.hpp).
#pragma once
#include "interpose/calls/call.hpp"
#include "interpose/calls/memory.hpp"
#include "interpose/disk/nodes.hpp"

namespace detsim::disk {

constexpr std::uint64_t kWholeFile = ~0ull;

/// Notes what was stored to bytes [begin, end) of the file, by whatever process. To be called
/// before anything else about them is written down, and before a sync.
void note_stores_to(DiskNode& node, std::uint64_t begin = 0, std::uint64_t end = kWholeFile);
void note_all_stores();

/// Whether this process may have stored to a file of the disk.
extern bool may_have_stored;
/// At a call of such a process: notes what was stored until now, now and then, as a kernel writes
/// pages back at times of its own. So what was overwritten later may be what the disk has.
void look_now_and_then();

/// Bytes [begin, end) are no stores: a call wrote them.
void learn(DiskNode& node, std::uint64_t begin, std::uint64_t end);

/// The file of the disk, mapped shared by who may write; nullptr: it is none.
inline DiskNode* mapped_file(const SharedFile& part) {
  auto* node = find_node(disk_state(), part.device, part.number);
  const bool is_file = node != nullptr && node->kind == NodeKind::file && node->is_mapped;
  return is_file ? node : nullptr;
}

/// Calls visit(node, offset, bytes) for the files of the disk that are mapped shared, by who may
/// write, in [begin, end).
template <typename Visit>
void each_mapped_file(std::uint64_t begin, std::uint64_t end, Visit visit) {
  SharedFile part;
  while (next_shared_file(begin, end, part)) {
    if (auto* node = mapped_file(part)) visit(*node, part.offset, part.end - part.begin);
  }
}

inline std::uint64_t whole_pages(std::uint64_t bytes) {
  constexpr std::uint64_t kPageBytes = 4096;
  return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

/// A descriptor of this process for the open file that was mapped there; -1: it has none, or none
/// any more.
int descriptor_mapped_at(std::uint64_t address);
/// Descriptors from `first` to `last` are about to be closed or replaced.
void forget_mapped_by(std::uint64_t first, std::uint64_t last);

long map(const Call& call, Frame& f);
long protect(const Call& call, Frame& f);
long remap(const Call& call, Frame& f);
long sync_mapping(const Call& call, Frame& f);

}  // namespace detsim::disk
