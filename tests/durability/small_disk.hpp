// A modelled disk without a run: carries operations out on a real directory, and writes them down
// as the shim does.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "launcher/disk/power_loss.hpp"

namespace detsim {

enum class Step : std::uint8_t {
  write,
  truncate,
  punch,
  rename,
  remove,
  link,
  make_directory,
  remove_directory,
  sync,
  sync_data,
  sync_directory,
  sync_all,
  close,
  store,      // through a shared mapping, of pages below the size
  sync_range  // msync
};

/// One operation; paths are relative to the disk. It does nothing when it makes no sense.
struct Operation {
  Step step = Step::write;
  std::string path = {}, other = {};
  std::uint64_t offset = 0, bytes = 0;
  char letter = 'a';  // what is written
};
std::string text_of(const Operation& operation);

/// Paths of files and what is in them; of directories: "/".
using Contents = std::map<std::string, std::string>;

/// What is in a directory and below.
Contents read_contents(const std::string& directory);

class SmallDisk {
 public:
  explicit SmallDisk(ProfileId profile);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// Starts over, with an empty disk.
  void clear(ProfileId profile);
  /// False: it made no sense.
  bool carry_out(const Operation& operation);
  PowerCut lose_power(std::uint64_t seed, const TearRules& tear = {});
  Contents read() const { return read_contents(root_); }
  DiskState& state() { return *state_; }

 private:
  std::string real(const std::string& path) const { return root_ + "/" + path; }
  DiskNode* node_of(const std::string& path);
  DiskNode* parent_of(const std::string& path);
  bool write(const Operation& operation);
  bool resize(const Operation& operation);
  bool rename(const Operation& operation);
  bool remove(const Operation& operation);
  bool link(const Operation& operation);
  bool make_directory(const Operation& operation);
  bool sync(const Operation& operation);
  bool store(const Operation& operation);
  bool sync_range(const Operation& operation);
  /// Before and after a call that changes bytes of the file.
  void note_stores(DiskNode& node);
  void learn(const DiskNode& node);
  bool bury(const std::string& path);
  void empty_graves();

  std::string base_, root_, own_;
  DiskState* state_;
};

}  // namespace detsim
