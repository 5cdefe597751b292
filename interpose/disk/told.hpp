// Who knows of a failed sync. Linux tells each open file that was open when it failed, once
// (errseq_t, lib/errseq.c): the one that asked, and the others at their next sync, which writes
// what there is to write nevertheless. Descriptors that stand for one open file are told together.
#pragma once
#include "interpose/disk/nodes.hpp"

namespace detsim::disk {

/// Whether two descriptors of this process stand for one open file.
bool is_same_open_file(int fd, int other);
/// A sync of the file failed with this errno, and the descriptor is told (-1: none is).
void note_failure(DiskNode& node, int fd, int error);
/// The descriptor has been opened now: what failed before is none of its business.
void note_opened(int fd);
/// The errno that it has still to be told, and is told by this; 0: none.
int take_failure(const DiskNode& node, int fd);

}  // namespace detsim::disk
