// Syncs that fail: what becomes of the file then.
#pragma once
#include "interpose/disk/nodes.hpp"

namespace detsim::disk {

/// A sync of the file by this descriptor (-1: by a mapping) fails with this errno.
void fail_sync(DiskNode& node, int fd, int error);
/// msync of these addresses fails: so do the files that are mapped there, each as a whole.
void fail_sync_of_mapping(std::uint64_t address, std::uint64_t bytes, int error);

}  // namespace detsim::disk
