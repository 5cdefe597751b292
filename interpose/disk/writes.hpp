// What changes bytes of files of the disk, and what makes them durable.
#pragma once
#include "interpose/base/raw.hpp"
#include "interpose/disk/nodes.hpp"

namespace detsim {

constexpr std::uint64_t kCurrentOffset = ~0ull;
/// A flag: at the offset, even if the descriptor appends.
constexpr unsigned kAnyPlace = 1u << 31;

/// A change of bytes that is about to happen: begun before the kernel is asked, ended with its
/// answer. Nothing waits in between.
class DiskWrite {
 public:
  /// `offset` may be kCurrentOffset. `flags`: RWF_*.
  DiskWrite(int fd, std::uint64_t offset, std::uint64_t bytes, unsigned flags = 0);
  /// `result`: how many bytes were written, or -errno. Returns it.
  long end(long result);

 private:
  DiskNode* node_ = nullptr;
  FileRecord* image_ = nullptr;
  ChunkList before_;
  std::uint64_t offset_ = 0;  // of its first byte
  bool is_durable_ = false;
};

/// The same for a change of size to `size`, or for a range that becomes zeros. `fd` may be O_PATH.
class DiskResize {
 public:
  DiskResize(DiskNode* node, int fd, std::uint64_t size);
  DiskResize(DiskNode* node, int fd, std::uint64_t offset, std::uint64_t bytes);
  long end(long result);

 private:
  DiskNode* node_;
  FileRecord* image_ = nullptr;
  ChunkList before_;
  std::uint64_t size_ = 0;
  std::uint64_t begin_ = 0, end_ = 0;  // bytes that change for another reason than the size
  bool punches_ = false;
};

}  // namespace detsim
