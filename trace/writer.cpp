#include "trace/writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace detsim {

std::unique_ptr<TraceWriter> TraceWriter::create(const std::string& path,
                                                 const TraceMetadata& metadata,
                                                 std::string& error) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    error = fmt::format("cannot write the trace {}: {}", path, std::strerror(errno));
    return nullptr;
  }
  std::unique_ptr<TraceWriter> writer(new TraceWriter(fd, path));
  writer->block_.reserve(kBlockEvents);
  if (!writer->write_head(metadata)) writer->give_up();
  return writer;
}

TraceWriter::~TraceWriter() {
  if (fd_ >= 0) close(fd_);
}

bool TraceWriter::write_head(const TraceMetadata& metadata) {
  const auto json = to_json(metadata);
  FileHead head;
  std::memcpy(head.magic, kTraceMagic, sizeof(head.magic));
  head.version = kTraceVersion;
  head.event_bytes = sizeof(Event);
  head.metadata_bytes = static_cast<std::uint32_t>(json.size());
  head.metadata_sum = check_sum(json.data(), json.size());
  if (!write_all(&head, sizeof(head)) || !write_all(json.data(), json.size())) return false;
  whole_bytes_ = sizeof(head) + json.size();
  return true;
}

void TraceWriter::append(const Event* events, std::uint64_t count) {
  while (count > 0) {
    const auto fit = std::min<std::uint64_t>(count, kBlockEvents - block_.size());
    block_.insert(block_.end(), events, events + fit);
    events += fit;
    count -= fit;
    if (block_.size() == kBlockEvents) flush_block();
  }
}

void TraceWriter::drain(TraceRing& ring) {
  const auto end = __atomic_load_n(&ring.written, __ATOMIC_ACQUIRE);
  auto from = ring.drained;
  while (from < end) {
    const auto start = from % kRingEvents;
    const auto count = std::min(end - from, kRingEvents - start);
    append(ring.events + start, count);
    from += count;
  }
  __atomic_store_n(&ring.drained, end, __ATOMIC_RELEASE);
  __atomic_add_fetch(&ring.space_word, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &ring.space_word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void TraceWriter::flush_block() {
  if (block_.empty()) return;
  const auto bytes = block_.size() * sizeof(Event);
  BlockHead head{kTagEvents, static_cast<std::uint32_t>(block_.size()),
                 check_sum(block_.data(), bytes)};
  if (error_ == 0 && write_all(&head, sizeof(head)) && write_all(block_.data(), bytes)) {
    whole_bytes_ += sizeof(head) + bytes;
    written_ += block_.size();
  } else {
    if (error_ == 0) give_up();
    lost_ += block_.size();
  }
  block_.clear();
}

bool TraceWriter::finish(std::uint64_t digest, const std::string& outcome) {
  flush_block();
  bool ended = whole_bytes_ > 0 && write_end(digest, outcome);
  // No room for the end: the last blocks, all of one size but the very last, make room for it.
  constexpr auto kWholeBlock = sizeof(BlockHead) + kBlockEvents * sizeof(Event);
  while (!ended && written_ > 0) {
    if (error_ == 0) error_ = errno;
    const auto tail = written_ % kBlockEvents;
    const auto events = tail != 0 ? tail : kBlockEvents;
    whole_bytes_ -= tail != 0 ? sizeof(BlockHead) + tail * sizeof(Event) : kWholeBlock;
    written_ -= events;
    lost_ += events;
    if (ftruncate(fd_, static_cast<off_t>(whole_bytes_)) != 0) break;
    lseek(fd_, static_cast<off_t>(whole_bytes_), SEEK_SET);
    ended = write_end(digest, outcome);
  }
  if (!ended && error_ == 0) error_ = errno;
  if (close(fd_) != 0 && error_ == 0) error_ = errno;
  fd_ = -1;
  if (error_ == 0) return true;
  loss_ = fmt::format("the trace {} is not complete: {}; {} of {} events are missing", path_,
                      std::strerror(error_), lost_, written_ + lost_);
  if (!ended) loss_ += ", and it has no end, so that it cannot be read";
  return false;
}

bool TraceWriter::write_end(std::uint64_t digest, const std::string& outcome) {
  FileEnd end;
  end.tag = kTagEnd;
  end.bytes = sizeof(end);
  end.written = written_;
  end.lost = lost_;
  end.digest = digest;
  std::memcpy(end.outcome, outcome.data(), std::min(outcome.size(), sizeof(end.outcome)));
  end.sum = check_sum(&end, offsetof(FileEnd, sum));
  return write_all(&end, sizeof(end));
}

namespace {

// A limit on file sizes, or a pipe without reader, must be an error here and not the end of us.
// Put back at once: a target that is started inherits what is ignored.
class WithoutSignals {
 public:
  WithoutSignals() {
    for (int i = 0; i < 2; ++i) before_[i] = std::signal(kSignals[i], SIG_IGN);
  }
  ~WithoutSignals() {
    for (int i = 0; i < 2; ++i) std::signal(kSignals[i], before_[i]);
  }
  WithoutSignals(const WithoutSignals&) = delete;
  WithoutSignals& operator=(const WithoutSignals&) = delete;

 private:
  static constexpr int kSignals[2] = {SIGXFSZ, SIGPIPE};
  void (*before_[2])(int);
};

}  // namespace

bool TraceWriter::write_all(const void* data, std::size_t bytes) {
  WithoutSignals without;
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const auto done = write(fd_, from, bytes);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    from += done;
    bytes -= static_cast<std::size_t>(done);
  }
  return true;
}

// From now on events are only counted. What stands half-written behind the last whole block goes.
void TraceWriter::give_up() {
  error_ = errno;
  if (ftruncate(fd_, static_cast<off_t>(whole_bytes_)) == 0) {
    lseek(fd_, static_cast<off_t>(whole_bytes_), SEEK_SET);
  }
}

}  // namespace detsim
