#include "interpose/entry/rewrite_text.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/mman.h>

#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/entry/decoder.hpp"
#include "scheduler/choice.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr unsigned kIndexSlots = 2 * kChangesMax;

Change changes[kChangesMax];
unsigned change_count;
std::uint64_t writes;
std::uint16_t index_of[kIndexSlots];  // by address: number in `changes` + 1
unsigned char code[kFunctionBytesMax + kInstructionBytesMax];

unsigned slot_of(std::uint64_t address) {
  return static_cast<unsigned>(mix64(address) % kIndexSlots);
}

// The record of an address, or the empty slot where it belongs.
std::uint16_t& look_up(std::uint64_t address) {
  auto slot = slot_of(address);
  while (index_of[slot] != 0 && changes[index_of[slot] - 1].address != address) {
    slot = (slot + 1) % kIndexSlots;
  }
  return index_of[slot];
}

bool is_in_place(const Change& change) {
  unsigned char bytes[kChangeBytesMax];
  return copy_from_user(bytes, reinterpret_cast<const void*>(change.address), change.length) &&
         memcmp(bytes, change.after, change.length) == 0;
}

// -- what the kernel says of a mapping

constexpr unsigned kReadable = 1, kWritable = 2, kExecutable = 4, kShared = 8;

struct MappingQuery {  // struct procmap_query of linux/fs.h, Linux 6.11
  std::uint64_t bytes, flags, address;
  std::uint64_t begin, end, mapping_flags, page_bytes, offset, inode;
  std::uint32_t major, minor, name_bytes, build_id_bytes;
  std::uint64_t name, build_id;
};
constexpr unsigned kQueryMapping = 0xc0686611;
static_assert(sizeof(MappingQuery) == 104);

std::uint64_t take_hexadecimal(const char*& text) {
  std::uint64_t value = 0;
  for (;; ++text) {
    const char c = *text;
    if (c >= '0' && c <= '9') {
      value = value * 16 + static_cast<std::uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = value * 16 + static_cast<std::uint64_t>(c - 'a' + 10);
    } else {
      return value;
    }
  }
}

// One line of /proc/self/maps: "begin-end rwxp ...". True when it is the one around `address`.
bool read_line(const char* line, std::uint64_t address, MappingQuery& result) {
  result.begin = take_hexadecimal(line);
  if (*line++ != '-') return false;
  result.end = take_hexadecimal(line);
  if (*line++ != ' ' || address < result.begin || address >= result.end) return false;
  result.mapping_flags = (line[0] == 'r' ? kReadable : 0u) | (line[1] == 'w' ? kWritable : 0u) |
                         (line[2] == 'x' ? kExecutable : 0u) | (line[3] == 's' ? kShared : 0u);
  return true;
}

bool search_maps(long fd, std::uint64_t address, MappingQuery& result) {
  constexpr unsigned kept = 64;  // all that read_line looks at
  char line[kept + 1];
  unsigned length = 0;
  char buffer[2048];
  for (;;) {
    const long count = raw(__NR_read, fd, buffer, sizeof buffer);
    if (count <= 0) return false;
    for (long i = 0; i < count; ++i) {
      if (buffer[i] != '\n') {
        if (length < kept) line[length++] = buffer[i];
        continue;
      }
      line[length] = 0;
      length = 0;
      if (read_line(line, address, result)) return true;
    }
  }
}

bool find_mapping(std::uint64_t address, MappingQuery& result) {
  const long fd = raw(__NR_open, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  result = {};
  result.bytes = sizeof result;
  result.address = address;
  const bool found =
      raw(__NR_ioctl, fd, kQueryMapping, &result) == 0 || search_maps(fd, address, result);
  raw(__NR_close, fd);
  return found;
}

// While the bytes are written, the page is no code: nobody else runs in this process.
bool write_by_protection(std::uint64_t at, const unsigned char* bytes, std::uint64_t count) {
  MappingQuery mapping;
  if (!find_mapping(at, mapping) || mapping.mapping_flags != (kReadable | kExecutable)) {
    return false;
  }
  const auto page = at & ~(kPage - 1);
  const auto here = at + count <= page + kPage ? count : page + kPage - at;
  if (here < count && !write_by_protection(at + here, bytes + here, count - here)) return false;
  if (raw(__NR_mprotect, page, kPage, PROT_READ | PROT_WRITE) != 0) return false;
  memcpy(reinterpret_cast<void*>(at), bytes, here);
  const long result = raw(__NR_mprotect, page, kPage, PROT_READ | PROT_EXEC);
  if (result != 0) fatal("code that was changed cannot be made executable again: error ", -result);
  return true;
}

}  // namespace

// The kernel's own way into memory leaves protections and mappings as they are, and refuses shared
// ones. Changing the protection of a page splits its mapping for good, and of a whole mapping
// costs 100 us and more once its pages are there.
CodeWriter::CodeWriter() : memory_(raw(__NR_open, "/proc/self/mem", O_RDWR | O_CLOEXEC)) {}

CodeWriter::~CodeWriter() {
  if (memory_ >= 0) raw(__NR_close, memory_);
}

bool CodeWriter::write(std::uint64_t at, const unsigned char* bytes, std::uint64_t count) const {
  ++writes;
  if (memory_ >= 0) {
    const long result = raw(__NR_pwrite64, memory_, bytes, count, at);
    if (result == static_cast<long>(count)) return true;
    if (result > 0) fatal("code was changed in part");
  }
  return write_by_protection(at, bytes, count);
}

std::uint64_t code_writes() { return writes; }

bool change_text(const CodeWriter& writer, const Change& change) {
  auto& entry = look_up(change.address);
  if (entry == 0 && change_count == kChangesMax) return false;
  if (!writer.write(change.address, change.after, change.length)) return false;
  if (entry == 0) entry = static_cast<std::uint16_t>(++change_count);
  changes[entry - 1] = change;
  return true;
}

const Change* find_change(std::uint64_t address) {
  const auto entry = look_up(address);
  if (entry == 0 || !is_in_place(changes[entry - 1])) return nullptr;
  return &changes[entry - 1];
}

bool read_original(std::uint64_t address, unsigned char* bytes, std::uint64_t count) {
  if (!copy_from_user(bytes, reinterpret_cast<const void*>(address), count)) return false;
  for (unsigned i = 0; i < change_count; ++i) {
    const auto& change = changes[i];
    if (change.address >= address + count || change.address + change.length <= address) continue;
    if (!is_in_place(change)) continue;
    for (unsigned j = 0; j < change.length; ++j) {
      const auto at = change.address + j - address;
      if (at < count) bytes[at] = change.before[j];
    }
  }
  return true;
}

Sweep::Sweep(std::uint64_t begin, std::uint64_t end)
    : begin_(begin),
      end_(end),
      at_(begin),
      readable_(end - begin <= kFunctionBytesMax && read_original(begin, code, end - begin)) {}

bool Sweep::next(Instruction& instruction) {
  if (!readable_ || at_ >= end_) return false;
  const auto rest = static_cast<unsigned>(end_ - at_);
  if (!decode(code + (at_ - begin_), rest, at_, instruction)) return false;
  at_ += instruction.length;
  return true;
}

}  // namespace detsim
