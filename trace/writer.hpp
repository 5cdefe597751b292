// Writes a trace file. A disk that is full or fails does not stop the run: what was written stays
// a whole, readable file, and the events that are missing are counted in its end and said.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "trace/format.hpp"

namespace detsim {

class TraceWriter {
 public:
  /// Creates or replaces the file. nullptr: `error` says why, in one line.
  static std::unique_ptr<TraceWriter> create(const std::string& path, const TraceMetadata& metadata,
                                             std::string& error);
  ~TraceWriter();
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  void append(const Event* events, std::uint64_t count);

  /// Takes everything out of the ring and wakes a run that waits for space.
  void drain(TraceRing& ring);

  /// Writes the end; nothing can be appended afterwards. `digest` is the run's own, over all
  /// events; `outcome` one word for how the run ended. Returns whether everything is on disk.
  bool finish(std::uint64_t digest, const std::string& outcome);

  /// What was lost and why, as one line to print after finish(); empty when nothing was.
  const std::string& loss() const { return loss_; }
  std::uint64_t written() const { return written_; }
  std::uint64_t lost() const { return lost_; }

 private:
  TraceWriter(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  bool write_head(const TraceMetadata& metadata);
  void flush_block();
  bool write_end(std::uint64_t digest, const std::string& outcome);
  bool write_all(const void* data, std::size_t bytes);
  void give_up();

  int fd_;
  std::string path_;
  std::vector<Event> block_;
  std::uint64_t whole_bytes_ = 0;  // of the file, up to the end of the last whole block
  std::uint64_t written_ = 0;      // events in whole blocks
  std::uint64_t lost_ = 0;
  int error_ = 0;  // errno of the first write that failed
  std::string loss_;
};

}  // namespace detsim
