// What is kept lies in a file in memory, range after range; of memory that nobody had touched it
// holds holes. Copies map the same file, and read of it the pages that they wrote.
//
// A page is the copy's own, and not shared with the parked process, after it was written (or after
// the parked process has written its own: then it is put back in vain). Once put back it stays its
// own, so that every later time it is put back, too, written or not: to write a page costs less
// than to share it again.
#include "interpose/entry/rewind_memory.hpp"

#include <fcntl.h>
#include <linux/mman.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kKeptAddress = kPrivateAddress + (14ull << 30);
constexpr std::uint64_t kLookedThroughMax = 1ull << 30, kKeptMax = 64 << 20;
constexpr unsigned kMappingsMax = 1024, kRangesMax = 512, kPagesAtOnce = 512;

// pagemap (Documentation/admin-guide/mm/pagemap.rst)
constexpr std::uint64_t kExclusive = 1ull << 56, kOfFile = 1ull << 61, kSwapped = 1ull << 62,
                        kPresent = 1ull << 63;

struct Mapping {
  std::uint64_t begin, end;
  bool is_private, is_writable, has_file;
};

struct Range {  // that is put back
  std::uint64_t begin, end;
  std::uint64_t kept;      // of it, in bytes; what lies behind was zero
  std::uint64_t position;  // in the file
};

// Not put back. A copy has what the parked process noted.
struct alignas(kPage) Notes {
  Mapping mappings[kMappingsMax];
  Range ranges[kRangesMax];
  std::uint64_t pages[kPagesAtOnce];
  unsigned mapping_count, range_count;
  std::uint64_t heap_end, file_bytes, kept_bytes;
  bool is_kept;
  alignas(64) unsigned char others[kLeftAloneBytes];
};
Notes notes;

std::uint64_t address_of(const void* place) { return reinterpret_cast<std::uint64_t>(place); }

// -- which mappings there are

std::uint64_t take_number(const char*& text, std::uint64_t base) {
  std::uint64_t value = 0;
  for (;; ++text) {
    const char c = *text;
    if (c >= '0' && c <= '9') {
      value = value * base + static_cast<std::uint64_t>(c - '0');
    } else if (base == 16 && c >= 'a' && c <= 'f') {
      value = value * base + static_cast<std::uint64_t>(c - 'a' + 10);
    } else {
      return value;
    }
  }
}

// "begin-end rwxp offset major:minor inode name"
Mapping read_mapping(const char* line) {
  Mapping mapping{};
  mapping.begin = take_number(line, 16);
  mapping.end = take_number(++line, 16);
  mapping.is_writable = line[2] == 'w';
  mapping.is_private = line[4] == 'p';
  line += 6;
  take_number(line, 16);
  take_number(++line, 16);
  take_number(++line, 16);
  mapping.has_file = take_number(++line, 10) != 0;
  return mapping;
}

bool list_mappings() {
  const long fd = raw(__NR_open, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  constexpr unsigned looked_at = 100;
  char line[looked_at + 1], text[2048];
  unsigned length = 0;
  notes.mapping_count = 0;
  bool fits = true;
  for (long count; (count = raw(__NR_read, fd, text, sizeof text)) > 0;) {
    for (long i = 0; i < count && fits; ++i) {
      if (text[i] != '\n') {
        if (length < looked_at) line[length++] = text[i];
        continue;
      }
      line[length] = 0;
      length = 0;
      fits = notes.mapping_count < kMappingsMax;
      if (fits) notes.mappings[notes.mapping_count++] = read_mapping(line);
    }
  }
  raw(__NR_close, fd);
  return fits && notes.mapping_count > 0;
}

// -- what is put back

bool add_range(std::uint64_t begin, std::uint64_t end, std::uint64_t kept) {
  if (begin >= end) return true;
  if (notes.range_count == kRangesMax) return false;
  notes.ranges[notes.range_count++] = {begin, end, kept, notes.file_bytes};
  notes.file_bytes += kept;
  return notes.file_bytes <= kLookedThroughMax;
}

// Of the shim stacks, most were never used, but any may come to be.
bool add_ranges() {
  const auto own_begin = address_of(&notes), own_end = address_of(&notes + 1);
  notes.range_count = 0;
  notes.file_bytes = 0;
  for (unsigned i = 0; i < notes.mapping_count; ++i) {
    const auto& [begin, end, is_private, is_writable, has_file] = notes.mappings[i];
    if (!is_private || !is_writable) continue;
    bool fits;
    if (begin == kPrivateAddress) {
      fits = add_range(begin, end, stacks_end() - begin);
    } else if (own_begin >= begin && own_end <= end) {
      fits =
          add_range(begin, own_begin, own_begin - begin) && add_range(own_end, end, end - own_end);
    } else {
      fits = add_range(begin, end, end - begin);
    }
    if (!fits) return false;
  }
  return true;
}

// -- keeping

bool keep_piece(long fd, std::uint64_t begin, std::uint64_t end, std::uint64_t position) {
  notes.kept_bytes += end - begin;
  if (notes.kept_bytes > kKeptMax) return false;
  while (begin < end) {
    const long written = raw(__NR_pwrite64, fd, begin, end - begin, position);
    if (written <= 0) return false;
    begin += static_cast<std::uint64_t>(written);
    position += static_cast<std::uint64_t>(written);
  }
  return true;
}

// Calls `visit(begin, end)` for pieces of a range that `is_wanted(page's entry)`.
template <typename Wanted, typename Visit>
bool visit_pages(long pagemap, std::uint64_t begin, std::uint64_t end, const Wanted& is_wanted,
                 const Visit& visit) {
  while (begin < end) {
    auto count = (end - begin) / kPage;
    if (count > kPagesAtOnce) count = kPagesAtOnce;
    const auto bytes = count * sizeof notes.pages[0];
    const long got =
        raw(__NR_pread64, pagemap, notes.pages, bytes, begin / kPage * sizeof notes.pages[0]);
    if (got != static_cast<long>(bytes)) return false;
    for (std::uint64_t i = 0; i < count;) {
      const auto first = i;
      while (i < count && is_wanted(notes.pages[i])) ++i;
      if (first < i && !visit(begin + first * kPage, begin + i * kPage)) return false;
      if (first == i) ++i;
    }
    begin += count * kPage;
  }
  return true;
}

bool has_file(std::uint64_t address) {
  for (unsigned i = 0; i < notes.mapping_count; ++i) {
    const auto& mapping = notes.mappings[i];
    if (address >= mapping.begin && address < mapping.end) return mapping.has_file;
  }
  return false;
}

bool keep_ranges(long pagemap, long fd) {
  notes.kept_bytes = 0;
  for (unsigned i = 0; i < notes.range_count; ++i) {
    const auto& range = notes.ranges[i];
    const bool is_of_file = has_file(range.begin);
    const auto is_there = [is_of_file](std::uint64_t entry) {
      return is_of_file || (entry & (kPresent | kSwapped)) != 0;
    };
    const auto keep = [&](std::uint64_t begin, std::uint64_t end) {
      return keep_piece(fd, begin, end, range.position + (begin - range.begin));
    };
    if (!visit_pages(pagemap, range.begin, range.begin + range.kept, is_there, keep)) return false;
  }
  return true;
}

// -- putting back

bool was_written(std::uint64_t entry) {
  const bool is_own = (entry & (kPresent | kOfFile | kExclusive)) == (kPresent | kExclusive);
  return is_own || (entry & kSwapped) != 0;
}

// Nothing of the notes is touched but what lies on pages of their own.
void put_back_range(const Range& range, std::uint64_t begin, std::uint64_t end) {
  const auto kept_end = range.begin + range.kept;
  if (begin < kept_end) {
    const auto until = end < kept_end ? end : kept_end;
    const auto from = kKeptAddress + range.position + (begin - range.begin);
    memcpy(reinterpret_cast<void*>(begin), reinterpret_cast<const void*>(from), until - begin);
    begin = until;
  }
  if (begin < end) memset(reinterpret_cast<void*>(begin), 0, end - begin);
}

// What a run mapped, and what its stack grew by, lies between what was there.
bool unmap_the_rest() {
  if (raw(__NR_brk, notes.heap_end) != static_cast<long>(notes.heap_end)) return false;
  for (unsigned i = 1; i < notes.mapping_count; ++i) {
    const auto begin = notes.mappings[i - 1].end, end = notes.mappings[i].begin;
    // Behind the last one there is only the kernel's own page (vsyscall).
    if (begin == end || end >> 47 != 0) continue;
    if (raw(__NR_munmap, begin, end - begin) != 0) return false;
  }
  return true;
}

// A page of a file in memory that is mapped privately, and written: it must show as the process's
// own. Else the kernel does not tell.
bool tells_written(long pagemap) {
  const long page = raw(__NR_mmap, kKeptAddress, kPage, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1);
  if (page != static_cast<long>(kKeptAddress)) return false;
  *reinterpret_cast<volatile char*>(kKeptAddress) = 1;
  std::uint64_t entry = 0;
  raw(__NR_pread64, pagemap, &entry, sizeof entry, kKeptAddress / kPage * sizeof entry);
  raw(__NR_munmap, kKeptAddress, kPage);
  return was_written(entry);
}

bool keep_in_file(long pagemap, long fd) {
  if (raw(__NR_ftruncate, fd, notes.file_bytes) != 0) return false;
  if (!keep_ranges(pagemap, fd)) return false;
  const long at = raw(__NR_mmap, kKeptAddress, notes.file_bytes, PROT_READ,
                      MAP_SHARED | MAP_FIXED_NOREPLACE, fd);
  return at == static_cast<long>(kKeptAddress);
}

}  // namespace

void* memory_left_alone() { return notes.others; }

void forget_memory() { notes.is_kept = false; }

bool keep_memory() {
  raw(__NR_munmap, kKeptAddress, kLookedThroughMax);
  notes.is_kept = false;
  const long pagemap = raw(__NR_open, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  const long fd = raw(__NR_memfd_create, "detsim-start", 1 /* MFD_CLOEXEC */);
  if (pagemap >= 0 && fd >= 0 && tells_written(pagemap)) {
    notes.heap_end = static_cast<std::uint64_t>(raw(__NR_brk, 0));
    // The list that ranges are made of, and then the one with what is kept.
    notes.is_kept = list_mappings() && add_ranges() && keep_in_file(pagemap, fd) && list_mappings();
  }
  if (fd >= 0) raw(__NR_close, fd);
  if (pagemap >= 0) raw(__NR_close, pagemap);
  return notes.is_kept;
}

bool put_back_memory() {
  const auto stacks = stacks_end();  // of this run: it is about to be put back itself
  if (!notes.is_kept || !unmap_the_rest()) return false;
  const long pagemap = raw(__NR_open, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pagemap < 0) return false;
  bool is_back = true;
  for (unsigned i = 0; i < notes.range_count && is_back; ++i) {
    const auto& range = notes.ranges[i];
    const auto end = range.begin == kPrivateAddress ? stacks : range.end;
    is_back = visit_pages(pagemap, range.begin, end, was_written,
                          [&range](std::uint64_t from, std::uint64_t to) {
                            put_back_range(range, from, to);
                            return true;
                          });
  }
  raw(__NR_close, pagemap);
  return is_back;
}

bool was_mapped(std::uint64_t begin, std::uint64_t bytes) {
  const auto end = begin + bytes;
  if (end < begin) return true;
  for (unsigned i = 0; i < notes.mapping_count; ++i) {
    if (notes.mappings[i].begin < end && notes.mappings[i].end > begin) return true;
  }
  return false;
}

std::uint64_t kept_heap_end() { return notes.heap_end; }

}  // namespace detsim
