#include "launcher/disk/stores.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "faultplan/disk/stores.hpp"

namespace detsim {
namespace {

class MappedFile {
 public:
  MappedFile(const std::string& now, const std::string& known)
      : now_(open(now.c_str(), O_RDONLY | O_CLOEXEC)),
        known_(open(known.c_str(), O_RDWR | O_CLOEXEC)) {
    if (now_ < 0 || known_ < 0) {
      problem_ = fmt::format("cannot compare {} and {}: {}", now, known, std::strerror(errno));
    }
  }
  ~MappedFile() {
    if (now_ >= 0) close(now_);
    if (known_ >= 0) close(known_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::uint64_t next_data(std::uint64_t from) const {
    const auto at = lseek(now_, static_cast<off_t>(from), SEEK_DATA);
    if (at < 0) return errno == ENXIO ? ~0ull : from;
    return static_cast<std::uint64_t>(at);
  }
  void read_now(std::uint8_t* to, std::uint64_t offset, std::uint64_t count) {
    judge(pread(now_, to, count, static_cast<off_t>(offset)), count);
  }
  void read_known(std::uint8_t* to, std::uint64_t offset, std::uint64_t count) {
    judge(pread(known_, to, count, static_cast<off_t>(offset)), count);
  }
  void write_known(const std::uint8_t* from, std::uint64_t offset, std::uint64_t count) {
    judge(pwrite(known_, from, count, static_cast<off_t>(offset)), count);
  }
  const std::string& problem() const { return problem_; }

 private:
  void judge(ssize_t done, std::uint64_t count) {
    if (done != static_cast<ssize_t>(count)) problem_ = "cannot compare a mapped file of the disk";
  }

  int now_, known_;
  std::string problem_;
};

}  // namespace

std::string note_stores_to(DiskState& state, DiskNode& node, std::uint64_t begin,
                           std::uint64_t end) {
  if (!node.is_followed) return "";
  const auto number = number_of(state, node);
  MappedFile file(fmt::format("{}/{}", state.own, number),
                  fmt::format("{}/known-{}", state.own, number));
  if (!file.problem().empty()) return file.problem();
  note_stores(state, node, begin / kMappingPageBytes * kMappingPageBytes, end, file);
  return file.problem();
}

std::string note_last_stores(DiskState& state) {
  for (std::uint32_t number = 1; number <= state.nodes_used; ++number) {
    if (auto problem = note_stores_to(state, node_at(state, number)); !problem.empty()) {
      return problem;
    }
  }
  return "";
}

}  // namespace detsim
