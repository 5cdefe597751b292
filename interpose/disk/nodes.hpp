// Which files and directories of the target are on the modelled disk.
#pragma once
#include <sys/stat.h>

#include "faultplan/disk/record.hpp"
#include "scheduler/world.hpp"

namespace detsim {

inline DiskState& disk_state() { return *reinterpret_cast<DiskState*>(kWorldDisk); }
inline bool has_disk() { return disk_state().enabled; }

/// In a new image, which has mapped the world: see kChunksInMemory.
void map_overflow();

/// The node of an open file; nullptr: it is none of the disk, or no regular file.
DiskNode* disk_file(int fd);
/// The node of what is open there, file or directory.
DiskNode* disk_node(int fd);
/// The node of what has this status, of which `fd` is a descriptor (may be O_PATH).
DiskNode* disk_node(int fd, const struct stat& status);
/// A file or directory was made on the disk.
DiskNode& new_disk_node(const struct stat& status);

/// The directory of a path, as seen by the target; "" when it is not on the disk.
bool is_on_disk(const char* path);
/// Where a path below a view lies for everybody else.
bool real_path(const char* path, char (&real)[kPathMax]);

/// A name in a directory: the last component of a path that is not followed there.
struct Place {
  DiskNode* directory = nullptr;  // nullptr: not on the disk
  char name[256] = {};
  bool exists = false;
  struct stat status {};
  DiskNode* node = nullptr;       // of what is there
  char directory_path[kPathMax];  // as the target sees it
};
/// `path` is as the target gave it; from a directory as in openat(2).
void find_place(int directory, std::uint64_t user_path, Place& place);
/// The same for an absolute path of the shim's own; `path` is changed.
void find_place_below(char* path, Place& place);

}  // namespace detsim
