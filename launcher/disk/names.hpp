// The names of the disk: as they are, as they would be without some of the changes, and how the
// directories are made so.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "launcher/disk/crash.hpp"

namespace detsim {

class DiskNames {
 public:
  /// Reads the directories of the disk. `problem` is set when they cannot be.
  DiskNames(DiskState& state, std::string& problem);

  /// Takes a change back. The changes that are taken back are so in order, the last one first.
  void undo(const DiskChange& change);

  /// Where a node lies now, which may be its grave; "" when nowhere.
  std::string path_of_node(std::uint32_t node) const;
  /// Whether it still has a name, or has one again.
  bool is_reachable(std::uint32_t node) const;

  /// Makes the directories as they are here. A problem, or "".
  std::string carry_out();

 private:
  struct Object;
  using Entries = std::map<std::string, Object*>;
  struct Object {
    bool is_directory = false;
    bool exists = true;  // on the file system
    std::uint32_t mode = 0;
    Object* parent = nullptr;  // where it lies on the file system
    std::string name;          // there, or a whole path if `parent` is nullptr
    Entries entries, entries_before;
  };

  void read(Object& directory, std::string& problem);
  Object* object_of(std::uint32_t node) const;
  Object* object_of_removed(std::uint32_t node, std::uint32_t mode);
  static std::string path_of(const Object& object);
  std::string move_away(Object& directory);
  std::string put_in_place(Object& directory);
  std::string place(Object& directory, const std::string& name, Object& object);
  void collect(const Object& directory, std::set<const Object*>& found) const;

  DiskState& state_;
  std::vector<std::unique_ptr<Object>> objects_;
  std::vector<Object*> roots_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Object*> by_identity_;
  std::map<std::uint32_t, Object*> removed_;  // by node
  std::size_t moved_away_ = 0;
};

}  // namespace detsim
