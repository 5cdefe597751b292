#include "trace/reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace detsim {

std::unique_ptr<TraceReader> TraceReader::open(const std::string& path, std::string& error) {
  std::unique_ptr<TraceReader> reader(new TraceReader(path));
  if (!reader->map(error) || !reader->read_head(error) || !reader->read_blocks(error) ||
      !reader->read_end(error)) {
    return nullptr;
  }
  return reader;
}

TraceReader::~TraceReader() {
  if (data_ != nullptr) munmap(const_cast<char*>(data_), bytes_);
}

bool TraceReader::map(std::string& error) {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) {
    error = fmt::format("cannot read the trace {}: {}", path_, std::strerror(errno));
    if (fd >= 0) close(fd);
    return false;
  }
  bytes_ = static_cast<std::uint64_t>(status.st_size);
  if (S_ISREG(status.st_mode) && bytes_ > 0) {
    void* mapped = mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped != MAP_FAILED) data_ = static_cast<const char*>(mapped);
  }
  close(fd);
  if (data_ != nullptr) return true;
  error = S_ISREG(status.st_mode) && bytes_ == 0
              ? fmt::format("{} is empty: no trace was written to it", path_)
              : fmt::format("cannot read the trace {}: not a regular file", path_);
  return false;
}

bool TraceReader::read_head(std::string& error) {
  if (bytes_ < sizeof(kTraceMagic) || std::memcmp(data_, kTraceMagic, sizeof(kTraceMagic)) != 0) {
    error = fmt::format("{} is not a detsim trace", path_);
    return false;
  }
  FileHead head;
  std::memcpy(&head, data_, std::min<std::uint64_t>(bytes_, sizeof(head)));
  version_ = head.version;
  if (bytes_ >= offsetof(FileHead, event_bytes) &&
      (version_ < kTraceVersionOldest || version_ > kTraceVersion)) {
    error = fmt::format("{} is a trace of format version {}; this detsim reads versions {} to {}",
                        path_, version_, kTraceVersionOldest, kTraceVersion);
    return false;
  }
  at_ = sizeof(head);
  if (bytes_ < at_) return cut_off(error);
  if (head.event_bytes != sizeof(Event) || head.metadata_bytes > kMetadataMax) {
    error = fmt::format("{} is damaged: its head makes no sense", path_);
    return false;
  }
  if (bytes_ - at_ < head.metadata_bytes) return cut_off(error);
  const std::string json(data_ + at_, head.metadata_bytes);
  if (check_sum(json.data(), json.size()) != head.metadata_sum || !from_json(json, metadata_)) {
    error = fmt::format("{} is damaged: its description of the run cannot be read", path_);
    return false;
  }
  at_ += head.metadata_bytes;
  return true;
}

bool TraceReader::read_blocks(std::string& error) {
  bool last = false;
  for (;;) {
    BlockHead head;
    if (bytes_ - at_ < sizeof(head)) return cut_off(error);
    std::memcpy(&head, data_ + at_, sizeof(head));
    if (head.tag == kTagEnd) return true;
    if (head.tag != kTagEvents || last || head.events == 0 || head.events > kBlockEvents) {
      error = fmt::format("{} is damaged at byte {}, after {} events", path_, at_, events_);
      return false;
    }
    const auto payload = std::uint64_t{head.events} * sizeof(Event);
    if (bytes_ - at_ - sizeof(head) < payload) return cut_off(error);
    blocks_.push_back(reinterpret_cast<const Event*>(data_ + at_ + sizeof(head)));
    events_ += head.events;
    at_ += sizeof(head) + payload;
    last = head.events != kBlockEvents;
  }
}

bool TraceReader::read_end(std::string& error) {
  if (bytes_ - at_ < sizeof(end_)) return cut_off(error);
  std::memcpy(&end_, data_ + at_, sizeof(end_));
  const bool whole = end_.bytes == sizeof(end_) && end_.written == events_ &&
                     end_.sum == check_sum(&end_, offsetof(FileEnd, sum));
  if (!whole) {
    error = fmt::format("{} is damaged: its end does not fit its {} events", path_, events_);
    return false;
  }
  if (at_ + sizeof(end_) != bytes_) {
    error =
        fmt::format("{} is damaged: {} bytes follow its end", path_, bytes_ - at_ - sizeof(end_));
    return false;
  }
  return true;
}

bool TraceReader::cut_off(std::string& error) const {
  error = fmt::format("{} is truncated: it ends after {} whole events, before its end was written",
                      path_, events_);
  return false;
}

std::uint64_t TraceReader::block_events(std::size_t block) const {
  return std::min<std::uint64_t>(kBlockEvents, events_ - block * kBlockEvents);
}

std::string TraceReader::outcome() const {
  return std::string(end_.outcome, strnlen(end_.outcome, sizeof(end_.outcome)));
}

bool TraceReader::verify(std::string& error) const {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    BlockHead head;
    std::memcpy(&head, reinterpret_cast<const char*>(blocks_[i]) - sizeof(head), sizeof(head));
    const auto count = block_events(i);
    if (check_sum(blocks_[i], count * sizeof(Event)) != head.sum) {
      error = fmt::format("{} is damaged within events {} to {}", path_, i * kBlockEvents,
                          i * kBlockEvents + count - 1);
      return false;
    }
    for (std::uint64_t k = 0; k < count; ++k) hash = detsim::digest(hash, blocks_[i][k]);
  }
  if (end_.lost == 0 && hash != end_.digest) {
    error = fmt::format("{} is damaged: its events do not give its digest", path_);
    return false;
  }
  return true;
}

}  // namespace detsim
