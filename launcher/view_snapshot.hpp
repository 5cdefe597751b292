// The files of a private view as they were at one moment, to be put back for runs that go on from
// there (docs/branching.md). What is there still keeps its identity, so that descriptors, mappings
// and the world's records of it stay true; what was removed is made anew, and told.
//
// What was not changed since the view was made is kept nowhere: it is in the original. Since times
// of change are coarse, everything else is compared by its contents.
#pragma once
#include <sys/stat.h>

#include <map>
#include <string>
#include <vector>

#include "launcher/private_view.hpp"
#include "scheduler/park.hpp"

namespace detsim {

class ViewSnapshot {
 public:
  /// A problem, or nothing: then it can be put back.
  std::string take(const PrivateView& view);
  /// A problem, or nothing: everything is as it was.
  std::string put_back();
  /// What has another inode than when the snapshot was taken.
  std::vector<ReplacedInode> replaced() const;

 private:
  struct Entry {
    struct stat status {};    // as it was
    ino_t inode = 0;          // as it is
    bool is_as_made = false;  // the contents are those of the original
    std::string contents;     // else; of a symbolic link: where it leads
  };
  struct Directory {
    std::string copy, original;            // empty original: it started empty
    std::map<std::string, Entry> entries;  // by path below it; "" is the directory itself
  };

  std::string note(Directory& directory, const std::string& path);
  std::string put_back(Directory& directory);
  std::string put_back(const Directory& directory, const std::string& path, Entry& entry);

  std::vector<Directory> directories_;
  std::string aside_;  // for files on their way back
  std::uint64_t made_real_ns_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Whether the process has a mapping of such a file.
bool is_mapped(pid_t process, ino_t inode);
/// The file system that the view's copies are on, and nothing else that its runs see; 0: it is
/// not known.
std::uint64_t device_of(const PrivateView& view);

}  // namespace detsim
