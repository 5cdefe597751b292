#include "launcher/world_image.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "scheduler/park.hpp"
#include "scheduler/world.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kParkOffset = kWorldPark - kWorldAddress;
// More than this is given back to the system instead of being cleared for every run.
constexpr std::uint64_t kClearedMax = 4 << 20;

char* at(std::uint64_t offset) { return reinterpret_cast<char*>(kWorldAddress + offset); }

}  // namespace

const std::vector<Extent>& WrittenPages::find() {
  struct stat status {};
  if (fstat(fd_, &status) == 0 && status.st_blocks == blocks_) return extents_;
  blocks_ = status.st_blocks;
  extents_.clear();
  const auto add = [this](std::uint64_t begin, std::uint64_t end) {
    if (begin < end) extents_.push_back({begin, end});
  };
  for (off_t end = 0;;) {
    const off_t begin = lseek(fd_, end, SEEK_DATA);
    if (begin < 0) return extents_;
    end = lseek(fd_, begin, SEEK_HOLE);
    if (end < 0) return extents_;
    const auto from = static_cast<std::uint64_t>(begin), to = static_cast<std::uint64_t>(end);
    add(from, std::min(to, kParkOffset));
    add(std::max(from, kParkOffset + kParkBytes), to);
  }
}

// A run that used more than others must not make each later one clear it.
void WrittenPages::clear(std::uint64_t begin, std::uint64_t end) {
  if (end - begin > kClearedMax) {
    const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    if (fallocate(fd_, punch, static_cast<off_t>(begin), static_cast<off_t>(end - begin)) == 0) {
      blocks_ = -1;
      return;
    }
  }
  std::memset(at(begin), 0, end - begin);
}

void WorldImage::take(WrittenPages& pages) {
  extents_ = pages.find();
  contents_.clear();
  for (const auto& extent : extents_) {
    contents_.insert(contents_.end(), at(extent.begin), at(extent.end));
  }
}

void WorldImage::put_back(WrittenPages& pages) const {
  auto kept = extents_.begin();
  const char* from = contents_.data();
  for (const auto& now : pages.find()) {
    // What was written at the time of the image has pages still.
    for (auto done = now.begin; done < now.end;) {
      if (kept == extents_.end() || kept->begin >= now.end) {
        pages.clear(done, now.end);
        break;
      }
      pages.clear(done, kept->begin);
      std::memcpy(at(kept->begin), from, kept->end - kept->begin);
      from += kept->end - kept->begin;
      done = kept++->end;
    }
  }
}

}  // namespace detsim
