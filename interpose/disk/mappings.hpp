// Shared mappings of files of the disk: what is stored through them is found by comparing
// (faultplan/disk/stores.hpp).
#pragma once
#include "interpose/calls/call.hpp"
#include "interpose/disk/nodes.hpp"

namespace detsim::disk {

constexpr std::uint64_t kWholeFile = ~0ull;

/// Notes what was stored to bytes [begin, end) of the file, by whatever process. To be called
/// before anything else about them is written down, and before a sync.
void note_stores_to(DiskNode& node, std::uint64_t begin = 0, std::uint64_t end = kWholeFile);
void note_all_stores();
/// Bytes [begin, end) are no stores: a call wrote them.
void learn(DiskNode& node, std::uint64_t begin, std::uint64_t end);

long map(const Call& call, Frame& f);
long protect(const Call& call, Frame& f);
long remap(const Call& call, Frame& f);
long sync_mapping(const Call& call, Frame& f);

}  // namespace detsim::disk
