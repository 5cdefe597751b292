#include "faultplan/disk/stores.hpp"

namespace detsim {
namespace {

bool is_same(const std::uint8_t* a, const std::uint8_t* b, std::uint64_t bytes) {
  for (; bytes >= 8; bytes -= 8, a += 8, b += 8) {
    std::uint64_t left, right;
    __builtin_memcpy(&left, a, 8);
    __builtin_memcpy(&right, b, 8);
    if (left != right) return false;
  }
  for (; bytes != 0; --bytes) {
    if (*a++ != *b++) return false;
  }
  return true;
}

std::uint64_t sector_at(std::uint64_t at, std::uint64_t end) {
  return end - at < kSectorBytes ? end - at : kSectorBytes;
}

}  // namespace

bool note_difference(DiskState& state, DiskNode& node, std::uint64_t offset,
                     const std::uint8_t* known, const std::uint8_t* now, std::uint64_t bytes) {
  if (is_same(known, now, bytes)) return false;
  for (std::uint64_t at = 0; at < bytes;) {
    auto end = at;
    for (; end < bytes; end += sector_at(end, bytes)) {
      if (is_same(known + end, now + end, sector_at(end, bytes))) break;
    }
    if (end == at) {
      at += sector_at(at, bytes);
      continue;
    }
    ChunkList before;
    const auto copy = [&](std::uint8_t* to, std::uint64_t from, std::uint64_t count) {
      __builtin_memcpy(to, known + (from - offset), count);
      return true;
    };
    auto* image =
        keep_image(state, node, FileEventKind::overwrite, offset + at, end - at, before, copy);
    note_written(state, node, image, offset + at, end - at, false);
    at = end;
  }
  return true;
}

}  // namespace detsim
