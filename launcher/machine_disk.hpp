// The disk of the machine that a run believes to be on: the directories whose contents a loss of
// power may spoil. They are copies in the run's private view, or, in place, the originals.
#pragma once
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "launcher/run.hpp"

namespace detsim {

/// Whether the run has such a disk: it was asked for, or the plan has a fault that needs one.
bool has_disk(const RunOptions& options);

/// The directories of the disk, absolute and without links: those that were named, or the working
/// directory, which must not be a system's then. Empty: `problem` says why.
std::vector<std::string> disk_directories(const RunOptions& options, std::string& problem);

class MachineDisk {
 public:
  /// `view`: the run's private view; nullptr: the disk is the original directories. nullptr:
  /// `problem` says why.
  static std::unique_ptr<MachineDisk> create(const std::vector<std::string>& directories,
                                             const PrivateView* view, std::string& problem);
  ~MachineDisk();
  MachineDisk(const MachineDisk&) = delete;
  MachineDisk& operator=(const MachineDisk&) = delete;

  /// In the world, before the run: what is there now is durable. The functions return a problem, or
  /// nothing. `profile`: a name, or nothing for the default.
  std::string prepare(const std::string& profile) const;
  /// When all processes are gone: leaves the disk as the machine would find it, and notes which
  /// files are not the ones that they were (scheduler/rounds.hpp). The model of the disk refuses to
  /// break its own promises: that is a problem, too.
  std::string cut_power(std::uint64_t seed) const;
  /// Copies what is on the disk into `directory`, which is made: of one directory its contents, of
  /// several each under its path.
  std::string copy_out(const std::string& directory) const;

  struct Place {
    std::string shown, real;  // to the target, to everybody else
  };
  const std::vector<Place>& places() const { return places_; }
  /// For what is not on the disk any more but may come back; on the same file system.
  const std::string& own_directory() const { return own_; }

 private:
  using Identities =
      std::set<std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::uint32_t>>;
  MachineDisk() = default;
  Identities identities() const;
  std::vector<Place> places_;
  std::string own_;
  bool owns_ = false;  // own_ goes with it
};

}  // namespace detsim
