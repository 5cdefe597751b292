#include "interpose/entry/rewrite_stub.hpp"

#include <linux/mman.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/entry/cpu.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kArenaBytes = 64 << 10;
constexpr std::uint64_t kReach = (2ull << 30) - (1 << 20);
constexpr unsigned kArenasMax = 32;
constexpr std::uint64_t kAboveStep = 16 << 20, kBelowStep = 1 << 20;
constexpr unsigned kPlacesMax = 100;
constexpr std::uint64_t kLowest = 64 << 10, kHighest = 0x7fff'ffff'0000;

struct Arena {
  std::uint64_t begin = 0, used = 0;
};
Arena arenas[kArenasMax];
unsigned arena_count;

bool reaches(std::uint64_t from, std::uint64_t to) {
  return from < to ? to - from < kReach : from - to < kReach;
}

bool map_arena(std::uint64_t begin) {
  if (begin < kLowest || begin > kHighest) return false;
  return raw(__NR_mmap, begin, kArenaBytes, PROT_READ | PROT_EXEC,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == static_cast<long>(begin);
}

std::uint64_t end_of_libraries() {
  ObjectWalk walk(Namespaces::all);
  ElfObject object;
  std::uint64_t end = 0;
  while (walk.next(object)) end = object.end() > end ? object.end() : end;
  return end;
}

// The heap grows above the main program, and mappings are placed below the libraries.
std::uint64_t place_above(std::uint64_t site) {
  const auto first = (end_of_libraries() + kAboveStep - 1) & ~(kAboveStep - 1);
  for (unsigned i = 0; i < kPlacesMax; ++i) {
    const auto begin = first + i * kAboveStep;
    if (reaches(site, begin) && map_arena(begin)) return begin;
  }
  return 0;
}

std::uint64_t place_below(const ElfObject& object, std::uint64_t site) {
  const auto first = object.begin() & ~(kBelowStep - 1);
  for (unsigned i = 1; i < kPlacesMax; ++i) {
    const auto begin = first - i * kBelowStep;
    if (begin > first) break;
    if (reaches(site, begin) && map_arena(begin)) return begin;
  }
  return 0;
}

Arena* arena_for(const ElfObject& object, std::uint64_t site) {
  for (unsigned i = 0; i < arena_count; ++i) {
    if (arenas[i].used < kArenaBytes && reaches(site, arenas[i].begin)) return &arenas[i];
  }
  if (arena_count == kArenasMax) return nullptr;
  const bool is_main_program = object.name[0] == 0;
  auto begin = is_main_program ? place_below(object, site) : place_above(site);
  if (begin == 0) begin = is_main_program ? place_above(site) : place_below(object, site);
  if (begin == 0) return nullptr;
  arenas[arena_count] = {begin, 0};
  return &arenas[arena_count++];
}

}  // namespace

void StubCode::bytes(const unsigned char* from, unsigned count) {
  if (size_ + count > kStubBytes) {
    sound_ = false;
    return;
  }
  for (unsigned i = 0; i < count; ++i) data_[size_++] = from[i];
}

void StubCode::relative(std::uint64_t target) {
  const auto distance = static_cast<std::int64_t>(target - (here() + 4));
  const auto short_distance = static_cast<std::int32_t>(distance);
  if (short_distance != distance) sound_ = false;
  unsigned char encoded[4];
  memcpy(encoded, &short_distance, sizeof encoded);
  bytes(encoded, sizeof encoded);
}

void StubCode::lea_rcx(std::uint64_t value) {
  constexpr unsigned char opcode[] = {0x48, 0x8d, 0x0d};
  bytes(opcode, sizeof opcode);
  relative(value);
}

void StubCode::lea_r11(std::uint64_t value) {
  constexpr unsigned char opcode[] = {0x4c, 0x8d, 0x1d};
  bytes(opcode, sizeof opcode);
  relative(value);
}

void StubCode::clear_r11() {
  constexpr unsigned char instruction[] = {0x41, 0xbb, 0, 0, 0, 0};  // mov r11d, 0
  bytes(instruction, sizeof instruction);
}

void StubCode::jump(std::uint64_t target) {
  constexpr unsigned char opcode[] = {0xe9};
  bytes(opcode, sizeof opcode);
  relative(target);
}

void StubCode::jump_to_entry() {
  constexpr unsigned char opcode[] = {0xff, 0x25};  // jmp [rip + ...]
  bytes(opcode, sizeof opcode);
  relative(address_ & ~(kPage - 1));
}

std::uint64_t find_stub_room(const ElfObject& object, std::uint64_t site) {
  Arena* arena = arena_for(object, site);
  if (arena == nullptr) return 0;
  if (arena->used % kPage == 0) arena->used += kStubBytes;  // the pointer at the page's head
  return arena->begin + arena->used;
}

bool write_stub(const CodeWriter& writer, const StubCode& code, std::uint64_t address) {
  const auto page = address & ~(kPage - 1);
  const auto entry = reinterpret_cast<std::uint64_t>(detsim_entry_site);
  const auto* pointer = reinterpret_cast<const unsigned char*>(&entry);
  if (!code.is_sound()) return false;
  if (address == page + kStubBytes && !writer.write(page, pointer, sizeof entry)) return false;
  if (!writer.write(address, code.data(), code.size())) return false;
  for (unsigned i = 0; i < arena_count; ++i) {
    if (address - arenas[i].begin < kArenaBytes) arenas[i].used += kStubBytes;
  }
  return true;
}

bool in_stub(std::uint64_t address) {
  for (unsigned i = 0; i < arena_count; ++i) {
    if (address - arenas[i].begin < kArenaBytes) return true;
  }
  return false;
}

}  // namespace detsim
