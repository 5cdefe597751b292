// Watches what a run holds, while it goes on: the memory of its processes, their descriptors, the
// bytes in its directory. Another process looks, so that the run is not delayed.
#pragma once
#include <string>

#include "launcher/suite/suite.hpp"

namespace detsim::suite {

struct Holding {
  std::uint64_t memory_bytes = 0, descriptors = 0, disk_bytes = 0;
};

/// The least of the last quarter of the looks, and the most of the second quarter.
struct Watched {
  std::uint64_t looks = 0;
  Holding early = {}, late = {};
};

class Watch {
 public:
  /// Divides this process: what is called returns in a child, which the parent watches when told
  /// to, and whose exit status it ends with. (A child that watches would be taken for one of a
  /// run's.) False: it cannot be.
  bool divide();
  /// Looks at the descendants of the child from now on, and at this directory.
  void start(const std::string& directory);
  Watched finish();

 private:
  int socket_ = -1;
};

/// What has grown by more than is allowed, in words; "": nothing.
std::string growth_words(const Watched& watched, const Growth& allowed);

}  // namespace detsim::suite
