// disk.list_incomplete: an entry is missing from what getdents returned.
#include <cstddef>

#include "interpose/base/library.hpp"
#include "interpose/base/user.hpp"
#include "interpose/faults/effects.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kDrawEntry = 1;
constexpr std::size_t kLengthAt = 16;  // d_reclen of struct linux_dirent and linux_dirent64

bool is_dots(const char* name) {
  return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

// Calls visit(offset, length) for each entry that could be missing.
template <typename Visit>
void for_each_entry(const char* buffer, std::size_t bytes, std::size_t name_at, Visit visit) {
  for (std::size_t at = 0; at + kLengthAt + 2 < bytes;) {
    std::uint16_t length;
    char name[3] = {};
    if (!get_user(length, buffer + at + kLengthAt) || length == 0 || at + length > bytes) return;
    if (!copy_from_user(name, buffer + at + name_at, sizeof name)) return;
    if (!is_dots(name)) visit(at, static_cast<std::size_t>(length));
    at += length;
  }
}

}  // namespace

bool strike::disk_list_incomplete(Moment& moment) {
  moment.carry_out();
  auto* buffer = reinterpret_cast<char*>(moment.frame.rsi);
  const auto bytes = static_cast<std::size_t>(moment.result > 0 ? moment.result : 0);
  const std::size_t name_at = moment.frame.number == __NR_getdents64 ? 19 : 18;
  std::uint64_t count = 0, from = 0, length = 0;
  for_each_entry(buffer, bytes, name_at, [&](std::size_t, std::size_t) { ++count; });
  if (count == 0) return false;
  auto left = draw(moment, kDrawEntry, count);
  for_each_entry(buffer, bytes, name_at, [&](std::size_t at, std::size_t entry_bytes) {
    if (left-- == 0) from = at, length = entry_bytes;
  });
  // An empty answer would be the end of the directory.
  if (length == bytes) return false;
  char block[256];
  for (auto at = from; at + length < bytes; at += sizeof block) {
    const auto rest = bytes - length - at;
    const auto part = rest < sizeof block ? rest : sizeof block;
    if (!copy_from_user(block, buffer + at + length, part)) return false;
    copy_to_user(buffer + at, block, part);
  }
  moment.result -= static_cast<long>(length);
  moment.value = from;
  return true;
}

}  // namespace detsim
