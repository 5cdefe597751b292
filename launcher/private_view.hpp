// A run's own view of some directories: copies of them, mounted over the originals in a mount
// namespace that only the target is in. The originals are never touched, and any number of runs go
// side by side. docs/private-view.md says what the target can see of it.
//
// The copies lie in a directory of their own, which goes with the view; what a launcher that was
// killed left behind goes with the next view that is made.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "launcher/copy_tree.hpp"

namespace detsim {

struct PrivateDirectory {
  std::string shown;          // where the target sees it: absolute, without links
  std::string copy;           // where everybody else does
  bool starts_empty = false;  // instead of with the original's contents
  friend bool operator==(const PrivateDirectory&, const PrivateDirectory&) = default;
};

/// Gives this process, and what it starts, a place in memory for the copies: a file system of this
/// size, in a mount namespace of its own, which goes with it however it ends. False: it may not,
/// and copies lie on the disk.
bool take_place_in_memory(std::uint64_t bytes);

/// /tmp, /var/tmp, /dev/shm and TMPDIR, as far as there are any: to start empty.
std::vector<PrivateDirectory> temporary_directories();

/// Whether this user may have private directories here at all.
bool may_have_private_view();

class PrivateView {
 public:
  /// `wanted`: directories with `shown` as the user gave it. `kept`: paths that stay as they are
  /// although a directory that starts empty would hide them. `left_out`: paths that no copy has,
  /// whether or not there is something. nullptr: `problem` says why. `warning` is for the user, if
  /// not empty.
  static std::shared_ptr<PrivateView> create(std::vector<PrivateDirectory> wanted,
                                             const std::vector<std::string>& kept,
                                             const std::vector<std::string>& left_out,
                                             std::string& problem, std::string& warning);
  ~PrivateView();
  PrivateView(const PrivateView&) = delete;
  PrivateView& operator=(const PrivateView&) = delete;

  const std::vector<PrivateDirectory>& directories() const { return directories_; }
  /// Where everybody else sees what the target sees under this path; "" when it is in no copy.
  std::string real_path(const std::string& shown) const;
  /// Makes it ready for another run: what the last one changed is as it was. A problem, or nothing.
  std::string renew();

  /// A directory next to the copies, for what belongs to the run and the target never sees.
  const std::string& own_directory() const { return own_; }

  /// All files of the copies have changed (ctime) since then, and no others of before.
  std::uint64_t made_real_ns() const { return made_real_ns_; }

  /// What changed since then (ctime), runs have changed.
  std::uint64_t filled_real_ns() const { return filled_real_ns_; }

  /// In the target's process, before it executes: enters the view, without privilege by way of a
  /// user namespace. Returns 0 or an errno.
  int enter() const;

 private:
  PrivateView() = default;
  // These return a problem, or nothing.
  std::string make_place_of_work(const std::string& base);
  std::string make_place_within();
  std::string copy_all(std::string& warning);
  std::string fill(const PrivateDirectory& directory, std::uint64_t& bytes);
  bool make_place(const std::string& path);
  void make_places();
  bool is_changed(const PrivateDirectory& directory) const;

  std::vector<PrivateDirectory> directories_;  // outer ones before those below them
  std::vector<std::string> kept_;              // as they are, below one that starts empty
  LeftOut left_out_;
  std::string name_, work_, own_;  // each in the one before
  std::uint64_t made_real_ns_ = 0;
  std::uint64_t filled_real_ns_ = 0;  // what changed since then, a run has changed
  int lock_ = -1;
};

}  // namespace detsim
