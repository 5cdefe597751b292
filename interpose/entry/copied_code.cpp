#include "interpose/entry/copied_code.hpp"

#include <fcntl.h>
#include <linux/mman.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/entry/elf_walk.hpp"
#include "interpose/entry/rewrite_text.hpp"
#include "scheduler/park.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kPageBytes = 4096;
// What the kernel maps at a fault of a file's page, if it has it (fault_around_bytes).
constexpr std::uint64_t kWindowBytes = 64 << 10;
constexpr std::uint64_t kCodeBytesMax = 16 << 20;
constexpr unsigned kRangesMax = 96, kWindowsMax = kCodeBytesMax / kWindowBytes + 2 * kRangesMax;

struct CodeRange {
  std::uint64_t begin, end;
  unsigned first_window;  // index into `is_taken_in`
};

// Private to the process; a copy knows what its original had.
CodeRange ranges[kRangesMax];
unsigned range_count, window_count;
bool is_taken_in[kWindowsMax];
std::uint32_t noted_before;  // of the list in the world
std::uint64_t copies;        // that were made; a copy's own number

std::uint64_t window_of(std::uint64_t address) { return address & ~(kWindowBytes - 1); }

bool& taken_in(const CodeRange& range, std::uint64_t window) {
  return is_taken_in[range.first_window + (window - window_of(range.begin)) / kWindowBytes];
}

// Calls `visit(range, window)` for those of which the page tables have a page; proc(5), pagemap.
template <typename Visit>
void visit_present(const Visit& visit) {
  constexpr std::uint64_t present = 1ull << 63;
  const long fd = raw(__NR_open, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  for (unsigned i = 0; i < range_count; ++i) {
    const auto& range = ranges[i];
    for (auto window = window_of(range.begin); window < range.end; window += kWindowBytes) {
      std::uint64_t pages[kWindowBytes / kPageBytes];
      const auto from = window < range.begin ? range.begin : window;
      const auto to = window + kWindowBytes > range.end ? range.end : window + kWindowBytes;
      const auto bytes = (to - from) / kPageBytes * sizeof pages[0];
      const long got = raw(__NR_pread64, fd, pages, bytes, from / kPageBytes * sizeof pages[0]);
      if (got != static_cast<long>(bytes)) continue;
      // The first page of a range is our own (see make_code_copied()), and tells nothing.
      bool is_present = false;
      for (std::uint64_t page = from; page < to; page += kPageBytes) {
        const bool counts = page != range.begin || range.end - range.begin == kPageBytes;
        if (counts && (pages[(page - from) / kPageBytes] & present) != 0) is_present = true;
      }
      if (is_present) visit(range, window);
    }
  }
  raw(__NR_close, fd);
}

bool add_range(std::uint64_t begin, std::uint64_t end) {
  const auto windows =
      static_cast<unsigned>((window_of(end - 1) - window_of(begin)) / kWindowBytes + 1);
  if (range_count == kRangesMax || window_count + windows > kWindowsMax) return false;
  ranges[range_count++] = {begin, end, window_count};
  window_count += windows;
  return true;
}

}  // namespace

// The kernel copies the page tables of a mapping of a file only if it has pages of its own
// (vma_needs_copy() in mm/memory.c). So each mapping gets one, by writing a byte of it that stays
// what it is.
void make_code_copied() {
  const CodeWriter writer;
  ObjectWalk walk(Namespaces::own);
  ElfObject object;
  while (walk.next(object)) {
    for (unsigned i = 0; i < object.segment_count; ++i) {
      const auto& segment = object.segments[i];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
      const auto begin = object.address_of(segment.p_vaddr) & ~(kPageBytes - 1);
      const auto end = (object.address_of(segment.p_vaddr) + segment.p_memsz + kPageBytes - 1) &
                       ~(kPageBytes - 1);
      unsigned char byte;
      if (!copy_from_user(&byte, reinterpret_cast<const void*>(begin), 1)) continue;
      if (add_range(begin, end)) writer.write(begin, &byte, 1);
    }
  }
  visit_present(
      [](const CodeRange& range, std::uint64_t window) { taken_in(range, window) = true; });
}

// Most of it the first ones come to, so that most copies need not look.
void note_code_used() {
  if (copies == 0 || (copies & (copies - 1)) != 0) return;
  auto& control = park_control();
  visit_present([&control](const CodeRange& range, std::uint64_t window) {
    if (taken_in(range, window) || control.windows_used == kNotedWindowsMax) return;
    control.windows[control.windows_used++] = window < range.begin ? range.begin : window;
  });
}

void take_in_noted_code() {
  ++copies;
  const auto& control = park_control();
  for (; noted_before < control.windows_used; ++noted_before) {
    const auto from = control.windows[noted_before];
    for (unsigned i = 0; i < range_count; ++i) {
      const auto& range = ranges[i];
      if (from < range.begin || from >= range.end) continue;
      const auto end = window_of(from) + kWindowBytes;
      const auto to = end > range.end ? range.end : end;
      raw(__NR_madvise, from, to - from, 22 /* MADV_POPULATE_READ */);
      taken_in(range, window_of(from)) = true;
    }
  }
}

}  // namespace detsim
