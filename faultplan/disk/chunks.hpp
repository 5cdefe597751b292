// Sequences of records of any length, in chunks of one pool. A record is a header, which lies in
// one piece (so that it can be changed in place), and bytes, which may lie across chunks; both are
// aligned to 8 bytes.
#pragma once
#include "faultplan/disk/state.hpp"

namespace detsim {

/// The chunk with this number.
Chunk& chunk_at(DiskState& state, std::uint32_t number);
/// What makes sure that the chunk with this number, which lies in the overflow, can be written to:
/// called before it is used first, and does not come back when the file system is full. Whoever
/// maps the overflow sets it, in each of its processes.
using MakeRoom = void (*)(DiskState& state, std::uint32_t number);
void set_make_room(MakeRoom make_room);

/// A chunk of zeros.
std::uint32_t take_chunk(DiskState& state);
void give_chunk_back(DiskState& state, std::uint32_t number);

/// Room for a header of `bytes` at the end.
void* append_header(DiskState& state, ChunkList& stream, std::uint32_t bytes);
/// Room for some of `bytes` bytes at the end: how much is in `room`, not 0.
std::uint8_t* append_room(DiskState& state, ChunkList& stream, std::uint64_t bytes,
                          std::uint64_t& room);
void append_bytes(DiskState& state, ChunkList& stream, const void* bytes, std::uint64_t count);
/// To the next multiple of 8.
void align_end(ChunkList& stream);

/// Takes back what was appended since `before`, a copy of then.
void cut_back(DiskState& state, ChunkList& stream, const ChunkList& before);
/// All of it is gone.
void clear_stream(DiskState& state, ChunkList& stream);

/// Goes along a stream.
class ChunkReader {
 public:
  ChunkReader() = default;
  ChunkReader(DiskState& state, const ChunkList& stream);
  /// The header that is next, which is then behind; nullptr at the end.
  template <typename Header>
  Header* header() {
    return static_cast<Header*>(header(sizeof(Header)));
  }
  /// `to` may be nullptr: they are passed over.
  void bytes(void* to, std::uint64_t count);
  void align();
  /// `stream`, which is the one that is read, as it was when it ended here; `bytes` are passed.
  ChunkList until_here(const ChunkList& stream, std::uint64_t bytes) const;
  /// What lies before here is gone from `stream`, which is the one that is read.
  void drop_before(ChunkList& stream);

 private:
  void* header(std::uint32_t bytes);
  std::uint32_t end_of_chunk() const { return chunk_ == last_ ? end_ : Chunk::kBytes; }
  void next_chunk();

  DiskState* state_ = nullptr;
  std::uint32_t chunk_ = 0, last_ = 0;
  std::uint32_t at_ = 0, end_ = 0;
};

}  // namespace detsim
