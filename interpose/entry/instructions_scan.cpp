// Finding rdrand, rdseed and rdpid before they run. A byte search finds where they could be (0f c7
// followed by a register operand); what it finds is believed only when decoding the function
// around it, from its beginning, arrives there. What lies in no known function is left alone.
#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/entry/decoder.hpp"
#include "interpose/entry/elf_walk.hpp"
#include "interpose/entry/instructions.hpp"
#include "interpose/entry/rewrite.hpp"
#include "interpose/entry/rewrite_cache.hpp"
#include "interpose/entry/rewrite_text.hpp"
#include "interpose/entry/vdso.hpp"

extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
extern "C" const unsigned char* detsim_find_pair(const unsigned char* at, const unsigned char* end);

namespace detsim {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kHeaderDistanceMax = 256 << 20;  // from a segment back to the ELF header
constexpr unsigned char kHalt = 0xf4;
constexpr unsigned kCandidatesMax = 64;  // looked at together

struct Candidates {
  std::uint64_t at[kCandidatesMax];
  unsigned count = 0;
};

// Returns where to go on.
std::uint64_t collect(std::uint64_t begin, std::uint64_t end, Candidates& found) {
  const auto* stop = reinterpret_cast<const unsigned char*>(end);
  const auto* at = reinterpret_cast<const unsigned char*>(begin);
  while (found.count < kCandidatesMax) {
    at = detsim_find_pair(at, stop);
    if (at + 3 > stop) return end;
    if (at[2] >= 0xf0) found.at[found.count++] = reinterpret_cast<std::uint64_t>(at);
    ++at;
  }
  return reinterpret_cast<std::uint64_t>(at);
}

bool put_trap(std::uint64_t at, unsigned length) {
  Change change{.address = at, .length = static_cast<std::uint8_t>(length)};
  if (!read_original(at, change.before, length)) return false;
  if (read_instruction(change.before, length).length != length) return false;
  memcpy(change.after, change.before, length);
  change.after[0] = kHalt;
  if (!change_text(CodeWriter(), change)) return false;
  ++door_counters().patched_instructions;
  return true;
}

struct Found {
  std::uint64_t at = 0;
  unsigned length = 0;
};

enum class Verdict { other, wanted, unknown };

// `candidate` is where the opcode would be; prefixes stand in front of it.
Verdict judge(const ElfObject& object, std::uint64_t candidate, Found& found) {
  FunctionRange function;
  if (!find_function(object, candidate, function) || !load_decoder()) return Verdict::unknown;
  Sweep sweep(function.begin, function.end);
  Instruction instruction;
  while (sweep.at() <= candidate) {
    found.at = sweep.at();
    if (!sweep.next(instruction)) return Verdict::unknown;
  }
  found.length = instruction.length;
  const bool wanted = instruction.meaning == Meaning::random_number ||
                      instruction.meaning == Meaning::random_seed ||
                      instruction.meaning == Meaning::processor_id;
  return wanted && found.at + found.length == candidate + 3 ? Verdict::wanted : Verdict::other;
}

struct Segment {
  const ElfObject& object;
  std::uint64_t build_id, begin, end;
};

// The list of instructions in the cache is built from its end.
std::uint32_t remember(const Segment& segment, const Found& found, std::uint32_t next) {
  return cache({.build_id = segment.build_id,
                .offset = found.at - segment.object.base,
                .finding = Finding::instruction,
                .length = found.length,
                .next = next});
}

void search(const Segment& segment) {
  auto& counters = door_counters();
  std::uint32_t list = 0;
  for (auto at = segment.begin; at < segment.end;) {
    Candidates candidates;
    at = collect(at, segment.end, candidates);
    if (candidates.count == 0) break;
    const VectorsKept kept;
    for (unsigned i = 0; i < candidates.count; ++i) {
      Found found;
      const auto verdict = judge(segment.object, candidates.at[i], found);
      if (verdict == Verdict::unknown) ++counters.left_instructions;
      if (verdict != Verdict::wanted) continue;
      if (!put_trap(found.at, found.length)) ++counters.left_instructions;
      list = remember(segment, found, list);
    }
  }
  counters.scanned_bytes += segment.end - segment.begin;
  cache({.build_id = segment.build_id,
         .offset = segment.begin - segment.object.base,
         .finding = Finding::scanned,
         .next = list});
}

void scan_segment(const Segment& segment) {
  const auto* known = find_cached(segment.build_id, segment.begin - segment.object.base, true);
  if (known == nullptr) return search(segment);
  for (auto number = known->next; number != 0;) {
    const auto* entry = cached_at(number - 1);
    if (!put_trap(segment.object.base + entry->offset, entry->length)) {
      ++door_counters().left_instructions;
    }
    number = entry->next;
  }
}

bool is_code(const Elf64_Phdr& segment) {
  return segment.p_type == PT_LOAD && (segment.p_flags & (PF_X | PF_W)) == PF_X;
}

// The object that a mapping is a segment of: its header lies at the mapping's begin or before it.
bool find_header(std::uint64_t begin, ElfObject& object) {
  const auto first = begin > kHeaderDistanceMax ? begin - kHeaderDistanceMax : kPage;
  for (auto page = begin; page >= first; page -= kPage) {
    std::uint32_t magic;
    if (!get_user(magic, reinterpret_cast<const void*>(page))) return false;
    if (magic == 0x464c457f && read_object(page, object)) return true;
  }
  return false;
}

}  // namespace

void scan_mapping(std::uint64_t begin, std::uint64_t end) {
  ElfObject object;
  if (!find_header(begin, object)) return;
  const auto build_id = build_id_of(object);
  for (unsigned i = 0; i < object.segment_count; ++i) {
    const auto& segment = object.segments[i];
    const auto at = object.address_of(segment.p_vaddr);
    if (!is_code(segment) || at < begin || at + segment.p_filesz > end) continue;
    scan_segment({object, build_id, at, at + segment.p_filesz});
  }
}

void scan_image() {
  ObjectWalk walk(Namespaces::all);
  ElfObject object;
  while (walk.next(object)) {
    if (object.dynamic == _DYNAMIC || in_vdso(object.begin())) continue;
    const auto build_id = build_id_of(object);
    for (unsigned i = 0; i < object.segment_count; ++i) {
      const auto& segment = object.segments[i];
      const auto at = object.address_of(segment.p_vaddr);
      if (is_code(segment)) scan_segment({object, build_id, at, at + segment.p_filesz});
    }
  }
  trap_cpuid();
}

}  // namespace detsim
