// Reads a trace file. The file is mapped; its frame (head, end, order of blocks) is checked when
// it is opened, each block's sum when the block is read.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "trace/format.hpp"

namespace detsim {

class TraceReader {
 public:
  /// nullptr: `error` says in one line what the file is instead: missing, no trace, of another
  /// version, cut off, damaged.
  static std::unique_ptr<TraceReader> open(const std::string& path, std::string& error);
  ~TraceReader();
  TraceReader(const TraceReader&) = delete;
  TraceReader& operator=(const TraceReader&) = delete;

  const std::string& path() const { return path_; }
  std::uint32_t version() const { return version_; }
  const TraceMetadata& metadata() const { return metadata_; }
  /// Events in the file, and events of the run that could not be written.
  std::uint64_t count() const { return end_.written; }
  std::uint64_t lost() const { return end_.lost; }
  /// The run's digest over all its events, written or lost.
  std::uint64_t digest() const { return end_.digest; }
  std::string outcome() const;

  /// Event number `index`, from 0, below count().
  const Event& event(std::uint64_t index) const {
    return blocks_[index / kBlockEvents][index % kBlockEvents];
  }
  /// Checks every block's sum and the digest. False: `error` says where the damage is.
  bool verify(std::string& error) const;

 private:
  explicit TraceReader(std::string path) : path_(std::move(path)) {}
  bool map(std::string& error);
  bool read_head(std::string& error);
  bool read_blocks(std::string& error);
  bool read_end(std::string& error);
  bool cut_off(std::string& error) const;
  std::uint64_t block_events(std::size_t block) const;

  std::string path_;
  const char* data_ = nullptr;
  std::uint64_t bytes_ = 0;
  std::uint64_t at_ = 0;  // while the file is being opened: what is understood so far
  std::uint32_t version_ = 0;
  TraceMetadata metadata_;
  FileEnd end_;
  std::vector<const Event*> blocks_;
  std::uint64_t events_ = 0;
};

}  // namespace detsim
