// What a copy of the process must have of its own: its open files with their offsets, and its
// pipes. What else may be open is the same for all copies, or keeps the process from parking
// (docs/branching.md).
#pragma once
#include "scheduler/park.hpp"

namespace detsim {

/// Notes what is open in the process now, for its copies.
Hindrance note_open_files();

/// In a copy: opens all of it anew. What the launcher had to make anew is known by its new inode.
void open_files_anew();

/// Whether a descriptor is of a pipe that the run has made, or of a file of its private view.
bool is_own_pipe(int fd);
bool is_file_of_view(int fd);

}  // namespace detsim
