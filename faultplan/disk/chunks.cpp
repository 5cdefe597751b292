#include "faultplan/disk/chunks.hpp"

#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t aligned(std::uint32_t bytes) { return (bytes + 7) & ~7u; }

MakeRoom make_room = nullptr;

void copy(void* to, const void* from, std::uint64_t count) { __builtin_memcpy(to, from, count); }

}  // namespace

Chunk& chunk_at(DiskState& state, std::uint32_t number) {
  DETSIM_INVARIANT(number != 0 && number <= state.chunks_used);
  return state.chunks[number - 1];
}

void set_make_room(MakeRoom function) { make_room = function; }

std::uint32_t take_chunk(DiskState& state) {
  std::uint32_t number = state.chunk_free;
  if (number != 0) {
    state.chunk_free = chunk_at(state, number).next;
    chunk_at(state, number) = {};
  } else {
    DETSIM_INVARIANT(state.chunks_used < (state.stays_in_memory ? kChunksInMemory : kChunksMax));
    number = state.chunks_used + 1;
    if (number > kChunksInMemory && make_room != nullptr) make_room(state, number);
    state.chunks_used = number;
  }
  if (++state.chunks_held > state.chunks_held_max) state.chunks_held_max = state.chunks_held;
  return number;
}

void give_chunk_back(DiskState& state, std::uint32_t number) {
  chunk_at(state, number).next = state.chunk_free;
  state.chunk_free = number;
  --state.chunks_held;
}

namespace {

void append_chunk(DiskState& state, ChunkList& stream) {
  const auto number = take_chunk(state);
  if (stream.last == 0) {
    stream.first = number;
    stream.begin = 0;
  } else {
    chunk_at(state, stream.last).next = number;
  }
  stream.last = number;
  stream.end = 0;
}

}  // namespace

void* append_header(DiskState& state, ChunkList& stream, std::uint32_t bytes) {
  DETSIM_INVARIANT(bytes <= Chunk::kBytes && bytes % 8 == 0 && stream.end % 8 == 0);
  if (stream.last == 0 || Chunk::kBytes - stream.end < bytes) append_chunk(state, stream);
  auto* at = chunk_at(state, stream.last).bytes + stream.end;
  stream.end += bytes;
  stream.bytes += bytes;
  return at;
}

std::uint8_t* append_room(DiskState& state, ChunkList& stream, std::uint64_t bytes,
                          std::uint64_t& room) {
  if (stream.last == 0 || stream.end == Chunk::kBytes) append_chunk(state, stream);
  const std::uint64_t here = Chunk::kBytes - stream.end;
  room = bytes < here ? bytes : here;
  auto* at = chunk_at(state, stream.last).bytes + stream.end;
  stream.end += static_cast<std::uint32_t>(room);
  stream.bytes += room;
  return at;
}

void append_bytes(DiskState& state, ChunkList& stream, const void* bytes, std::uint64_t count) {
  const auto* from = static_cast<const std::uint8_t*>(bytes);
  while (count != 0) {
    std::uint64_t room;
    auto* to = append_room(state, stream, count, room);
    copy(to, from, room);
    from += room;
    count -= room;
  }
}

void align_end(ChunkList& stream) {
  static_assert(Chunk::kBytes % 8 == 0);
  stream.end = aligned(stream.end);
}

void cut_back(DiskState& state, ChunkList& stream, const ChunkList& before) {
  if (before.last == 0) return clear_stream(state, stream);
  auto& kept = chunk_at(state, before.last);
  for (auto number = stream.last == before.last ? 0 : kept.next; number != 0;) {
    const auto next = number == stream.last ? 0 : chunk_at(state, number).next;
    give_chunk_back(state, number);
    number = next;
  }
  stream = before;
}

void clear_stream(DiskState& state, ChunkList& stream) {
  for (auto number = stream.first; number != 0;) {
    const auto next = number == stream.last ? 0 : chunk_at(state, number).next;
    give_chunk_back(state, number);
    number = next;
  }
  stream = {};
}

ChunkReader::ChunkReader(DiskState& state, const ChunkList& stream)
    : state_(&state),
      chunk_(stream.first),
      last_(stream.last),
      at_(stream.begin),
      end_(stream.end) {}

void ChunkReader::next_chunk() {
  DETSIM_INVARIANT(chunk_ != last_);
  chunk_ = chunk_at(*state_, chunk_).next;
  at_ = 0;
}

void* ChunkReader::header(std::uint32_t bytes) {
  if (chunk_ == 0) return nullptr;
  if (at_ + bytes > end_of_chunk()) {
    if (chunk_ == last_) return nullptr;
    next_chunk();
  }
  auto* at = chunk_at(*state_, chunk_).bytes + at_;
  at_ += bytes;
  return at;
}

void ChunkReader::bytes(void* to, std::uint64_t count) {
  auto* target = static_cast<std::uint8_t*>(to);
  while (count != 0) {
    if (at_ == Chunk::kBytes) next_chunk();
    const std::uint64_t here = end_of_chunk() - at_;
    DETSIM_INVARIANT(here != 0);
    const auto step = count < here ? count : here;
    if (target != nullptr) {
      copy(target, chunk_at(*state_, chunk_).bytes + at_, step);
      target += step;
    }
    at_ += static_cast<std::uint32_t>(step);
    count -= step;
  }
}

void ChunkReader::align() { at_ = aligned(at_); }

ChunkList ChunkReader::until_here(const ChunkList& stream, std::uint64_t bytes) const {
  if (bytes == 0) return {};
  return {.first = stream.first, .last = chunk_, .begin = stream.begin, .end = at_, .bytes = bytes};
}

void ChunkReader::drop_before(ChunkList& stream) {
  while (stream.first != chunk_) {
    const auto next = chunk_at(*state_, stream.first).next;
    give_chunk_back(*state_, stream.first);
    stream.first = next;
  }
  stream.begin = at_;
  if (chunk_ == last_ && at_ == end_) clear_stream(*state_, stream);
}

}  // namespace detsim
