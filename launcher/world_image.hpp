// The world as it was at one moment, to be put back later: for runs that go on from there
// (scheduler/park.hpp). Only pages that were ever written to are kept and looked at.
#pragma once
#include <cstdint>
#include <vector>

namespace detsim {

struct Extent {
  std::uint64_t begin = 0, end = 0;  // offsets into the world
};

/// Which pages of the world's memory were ever written to, but for those that pass between launcher
/// and parked processes. The kernel is asked again only when it has more or fewer.
class WrittenPages {
 public:
  /// `fd` is the world's memory, which is also mapped.
  explicit WrittenPages(int fd) : fd_(fd) {}
  const std::vector<Extent>& find();
  /// They are zero, and may be gone.
  void clear(std::uint64_t begin, std::uint64_t end);

 private:
  int fd_;
  std::int64_t blocks_ = -1;     // of memory when they were looked for
  std::vector<Extent> extents_;  // ascending
};

class WorldImage {
 public:
  /// Nobody runs meanwhile.
  void take(WrittenPages& pages);
  /// Everything is as it was.
  void put_back(WrittenPages& pages) const;
  std::size_t bytes() const { return contents_.size(); }
  const std::vector<Extent>& extents() const { return extents_; }

 private:
  std::vector<Extent> extents_;  // ascending
  std::vector<char> contents_;   // of one extent after the other
};

}  // namespace detsim
