// Paths behind descriptors and arguments, for rules that ask for them; and the scope of disks.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// The path of an open file; "" when it has none.
/// The same for a descriptor of the target; remembered until descriptors or names change.
void path_of_target_descriptor(int fd, char (&path)[kPathMax]);
/// The path of the first file that is mapped shared in [begin, end); "" when there is none.
void path_of_mapping(std::uint64_t begin, std::uint64_t end, char (&path)[kPathMax]);
void path_of_descriptor(int fd, char (&path)[kPathMax]);
/// A path of the target as an absolute one, `.` and `..` taken out; links stay. "" when it cannot
/// be read.
void full_path(int directory, std::uint64_t user_path, char (&path)[kPathMax]);

/// Whether faults of disks strike there without being told so: see DiskSection.
bool is_in_disk_scope(const char* path);

}  // namespace detsim
