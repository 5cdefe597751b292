// Creates the world: the memory that launcher and run share, at its one address.
#pragma once
#include <memory>
#include <string>

#include "scheduler/world.hpp"

namespace detsim {

/// While it exists, world() is mapped here, and config.world_fd is open: the root process inherits
/// it, later images get one through /proc/<pid>/fd or handover.hpp. There can be one at a time.
class WorldMapping {
 public:
  /// An empty world with `config`, complete but for its version. nullptr: `problem` says why.
  static std::unique_ptr<WorldMapping> create(const Config& config, std::string& problem);
  ~WorldMapping();
  WorldMapping(const WorldMapping&) = delete;
  WorldMapping& operator=(const WorldMapping&) = delete;

  /// From now on the run may use it.
  void publish();

  /// Leaves the address to another world, and comes back to it; what is in the world stays.
  void leave();
  void come_back();
  int descriptor() const { return fd_; }

 private:
  explicit WorldMapping(int fd) : fd_(fd) {}
  int fd_;
};

/// Whether this process is itself a target: the shim is loaded into it, or a world is mapped.
bool is_inside_detsim();

}  // namespace detsim
