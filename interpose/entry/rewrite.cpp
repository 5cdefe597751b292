#include "interpose/entry/rewrite.hpp"

#include "interpose/base/library.hpp"
#include "interpose/base/user.hpp"
#include "interpose/entry/decoder.hpp"
#include "interpose/entry/elf_walk.hpp"
#include "interpose/entry/rewrite_cache.hpp"
#include "interpose/entry/rewrite_stub.hpp"
#include "interpose/entry/rewrite_text.hpp"
#include "interpose/entry/switch.hpp"
#include "scheduler/park.hpp"

extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));

namespace detsim {
namespace {

// A trap costs about a microsecond more than a rewritten site, rewriting a site about ten, and
// loading the decoder some hundreds: each is paid once as much has been lost without it.
constexpr unsigned kTrapsBefore = 8;           // at the site
constexpr unsigned kTrapsBeforeDecoder = 128;  // in the process

/// Unwinders know a signal's return by these very bytes.
constexpr std::uint64_t kSignalReturn = 15;

constexpr unsigned kJumpBytes = 5, kSyscallBytes = 2;
constexpr unsigned kOtherPartsMax = 16;
constexpr std::uint64_t kOtherBytesMax = 64 << 10;

// -- how often sites trapped

struct Site {
  std::uint64_t address = 0;
  std::uint32_t traps = 0;
  bool is_decided = false;
};
constexpr unsigned kSitesMax = 4096;
Site sites[kSitesMax];
std::uint64_t traps;

// nullptr: too many sites share a neighbourhood of the table; this one goes on trapping.
Site* site_at(std::uint64_t address) {
  constexpr unsigned tries = 16;
  const auto first = mix64(address);
  for (unsigned i = 0; i < tries; ++i) {
    Site& site = sites[(first + i) % kSitesMax];
    if (site.address == address) return &site;
    if (site.address != 0) continue;
    site.address = address;
    return &site;
  }
  return nullptr;
}

// -- what the code says

struct Patch {
  std::uint64_t begin = 0;
  unsigned length = 0;
  unsigned displacement_at = 0;  // from the begin: four bytes relative to their end; 0: none
  Finding finding = Finding::refused;
  bool has_boundaries = false;  // more than one instruction, the syscall that stays not counted

  std::uint64_t end() const { return begin + length; }
  bool contains_inside(std::uint64_t address) const { return address > begin && address < end(); }
};

// What one sweep over the function around a site finds out for both methods.
struct Study {
  std::uint64_t site = 0;
  FunctionRange function;
  Patch in_front, behind;
  bool jumps_anywhere = false;  // has an indirect jump other than to another function
  bool hit_in_front = false, hit_behind = false;   // a branch lands inside
  std::uint64_t other_parts[kOtherPartsMax] = {};  // where the function jumps to outside of itself
  unsigned other_count = 0;
  bool too_many_parts = false;

  // glibc's clone ends its unwinding table right in front of the syscall, where stacks part.
  bool is_cut_off() const { return site == function.end; }
};

void note_part(Study& study, std::uint64_t target) {
  for (unsigned i = 0; i < study.other_count; ++i) {
    if (study.other_parts[i] == target) return;
  }
  if (study.other_count == kOtherPartsMax) {
    study.too_many_parts = true;
  } else {
    study.other_parts[study.other_count++] = target;
  }
}

bool note_target(Study& study, const Instruction& instruction) {
  if (instruction.flow != Flow::jump && instruction.flow != Flow::branch) return false;
  study.hit_in_front = study.hit_in_front || study.in_front.contains_inside(instruction.target);
  study.hit_behind = study.hit_behind || study.behind.contains_inside(instruction.target);
  return true;
}

struct Placed {
  std::uint64_t at = 0;
  Instruction instruction;
};

// One more instruction of a patch, at its end or in front of it; false: it cannot be moved.
bool add(Patch& patch, const Placed& placed) {
  const auto& instruction = placed.instruction;
  if (!instruction.is_movable) return false;
  const bool in_front = placed.at < patch.begin;
  if (in_front && patch.displacement_at != 0) patch.displacement_at += instruction.length;
  if (instruction.displacement_at != 0) {
    if (patch.displacement_at != 0) return false;
    patch.displacement_at = instruction.displacement_at + (in_front ? 0 : patch.length);
  }
  patch.has_boundaries = patch.length != 0;
  if (in_front) patch.begin = placed.at;
  patch.length += instruction.length;
  return true;
}

// Where the two patches would lie, as far as the instructions around the site allow them.
bool place_patches(Study& study) {
  Sweep sweep(study.function.begin, study.function.end);
  Placed last[kJumpBytes];  // the ones before the site, a ring
  unsigned count = 0;
  while (sweep.at() < study.site) {
    Placed& placed = last[count++ % kJumpBytes];
    placed.at = sweep.at();
    if (!sweep.next(placed.instruction)) return false;
  }
  if (sweep.at() != study.site) return false;
  Patch front{.begin = study.site, .finding = Finding::in_front};
  for (unsigned i = 1; front.length < kJumpBytes && i <= kJumpBytes && i <= count; ++i) {
    if (!add(front, last[(count - i) % kJumpBytes])) break;
  }
  if (front.length >= kJumpBytes) study.in_front = front;
  if (study.is_cut_off()) return true;
  Placed placed;
  if (!sweep.next(placed.instruction)) return false;
  if (placed.instruction.meaning != Meaning::syscall) return false;
  Patch behind{.begin = study.site, .length = kSyscallBytes, .finding = Finding::behind};
  while (behind.length < kJumpBytes) {
    placed.at = sweep.at();
    if (!sweep.next(placed.instruction) || !add(behind, placed)) return true;
  }
  study.behind = behind;
  return true;
}

bool follow_function(Study& study) {
  Sweep sweep(study.function.begin, study.function.end);
  Instruction instruction;
  while (sweep.next(instruction)) {
    if (instruction.flow == Flow::indirect && !instruction.through_pointer) {
      study.jumps_anywhere = true;
    }
    if (!note_target(study, instruction)) continue;
    const auto target = instruction.target;
    if (target < study.function.begin || target >= study.function.end) note_part(study, target);
  }
  return sweep.is_finished();
}

// Cold parts of a function lie elsewhere and come back to any of its blocks.
bool follow_parts(Study& study, const ElfObject& object) {
  std::uint64_t bytes = 0;
  for (unsigned i = 0; i < study.other_count; ++i) {
    FunctionRange part;
    if (object.code_at(study.other_parts[i]) == nullptr) continue;  // a stub of ours
    if (!find_function(object, study.other_parts[i], part)) return false;
    bytes += part.end - part.begin;
    if (bytes > kOtherBytesMax) return false;
    Sweep sweep(part.begin, part.end);
    Instruction instruction;
    while (sweep.next(instruction)) note_target(study, instruction);
    if (!sweep.is_finished()) return false;
  }
  return !study.too_many_parts;
}

Patch study_site(const ElfObject& object, std::uint64_t site) {
  Study study;
  study.site = site;
  if (!find_function(object, site, study.function)) {
    if (!find_function(object, site - 1, study.function) || !study.is_cut_off()) return {};
  }
  if (!place_patches(study) || !follow_function(study)) return {};
  const bool front = study.in_front.length != 0 && !study.hit_in_front;
  if (front && !study.in_front.has_boundaries) return study.in_front;
  const bool is_open =
      study.jumps_anywhere || study.function.has_landing_pads || study.is_cut_off();
  if (is_open || !follow_parts(study, object)) return {};
  if (front && !study.hit_in_front) return study.in_front;
  if (study.behind.length != 0 && !study.hit_behind) return study.behind;
  return {};
}

// -- what is remembered of it

std::uint32_t digest_of(const Patch& patch) {
  unsigned char code[kChangeBytesMax] = {};
  if (!read_original(patch.begin, code, patch.length)) return 0;
  std::uint64_t hash = patch.length;
  for (const auto byte : code) hash = mix64(hash ^ byte);
  return static_cast<std::uint32_t>(hash);
}

// A cached length also says where the displacement is.
constexpr std::uint32_t packed_length(const Patch& patch) {
  return patch.length | patch.displacement_at << 8;
}

bool recall(std::uint64_t build_id, const ElfObject& object, std::uint64_t site, Patch& patch) {
  const auto* found = find_cached(build_id, site - object.base, false);
  if (found == nullptr || found->finding > Finding::behind) return false;
  patch.begin = site;
  patch.length = found->length & 0xff;
  patch.displacement_at = found->length >> 8;
  patch.finding = found->finding;
  if (patch.finding == Finding::in_front) patch.begin -= patch.length;
  return patch.finding == Finding::refused || digest_of(patch) == found->detail;
}

void remember(std::uint64_t build_id, const ElfObject& object, std::uint64_t site,
              const Patch& patch) {
  cache({.build_id = build_id,
         .offset = site - object.base,
         .finding = patch.finding,
         .length = packed_length(patch),
         .detail = patch.finding == Finding::refused ? 0 : digest_of(patch)});
}

// -- carrying it out

void set_jump(Change& change, std::uint64_t target) {
  StubCode jump(change.address);
  jump.jump(target);
  memcpy(change.after, jump.data(), jump.size());
  for (unsigned i = jump.size(); i < change.length; ++i) change.after[i] = 0x90;  // nop
}

// Instructions `from` and on of a change, as they have to be at the stub's place.
void move_code(StubCode& stub, const Change& change, const Patch& patch, unsigned from) {
  const auto at = stub.here();
  unsigned char code[kChangeBytesMax];
  memcpy(code, change.before, sizeof code);
  bool in_reach = true;
  if (patch.displacement_at != 0) {
    std::int32_t displacement;
    memcpy(&displacement, code + patch.displacement_at, sizeof displacement);
    const auto moved = static_cast<std::int64_t>(patch.begin + from - at) + displacement;
    displacement = static_cast<std::int32_t>(moved);
    in_reach = displacement == moved;
    memcpy(code + patch.displacement_at, &displacement, sizeof displacement);
  }
  stub.bytes(code + from, in_reach ? patch.length - from : kStubBytes + 1);
}

// Returns the tail: 0 for the method in front, whose calls go on where they always did.
std::uint64_t put_together(StubCode& stub, const Change& change, const Patch& patch,
                           std::uint64_t site) {
  if (patch.finding == Finding::in_front) {
    move_code(stub, change, patch, 0);
    stub.lea_rcx(site + kSyscallBytes);
    stub.clear_r11();
    stub.jump_to_entry();
    return 0;
  }
  constexpr unsigned head_bytes = 7 + 7 + 6;
  const auto tail = stub.here() + head_bytes;
  stub.lea_rcx(site + kSyscallBytes);
  stub.lea_r11(tail);
  stub.jump_to_entry();
  move_code(stub, change, patch, kSyscallBytes);
  stub.jump(patch.end());
  return tail;
}

// Tasks that entered by a trap at this site will go on behind it.
void correct_frames(const Patch& patch) {
  auto& w = world();
  const auto space = current_process().address_space;
  for (TaskId id = 0; id < w.scheduler.tasks_used; ++id) {
    const Task& task = w.scheduler.tasks[id];
    if (task.state == TaskState::unused || task.state == TaskState::dead) continue;
    if (process_of(task).address_space != space || thread_of(task).frame == 0) continue;
    auto& frame = *reinterpret_cast<Frame*>(thread_of(task).frame);
    if (patch.contains_inside(frame.rip)) frame.resume = resume_address(frame.rip);
  }
}

bool carry_out(const ElfObject& object, const Patch& patch, std::uint64_t site) {
  Change change{.address = patch.begin, .length = static_cast<std::uint8_t>(patch.length)};
  if (patch.length > kChangeBytesMax) return false;
  if (!read_original(patch.begin, change.before, patch.length)) return false;
  const auto room = find_stub_room(object, site);
  if (room == 0) return false;
  StubCode stub(room);
  change.stub = put_together(stub, change, patch, site);
  set_jump(change, room);
  const CodeWriter writer;
  if (!write_stub(writer, stub, room) || !change_text(writer, change)) return false;
  if (patch.finding == Finding::behind) correct_frames(patch);
  return true;
}

bool is_own(const ElfObject& object) { return object.dynamic == _DYNAMIC; }

void count_result(Finding finding, bool carried_out) {
  auto& counters = door_counters();
  if (!carried_out) {
    ++counters.sites_refused;
  } else if (finding == Finding::in_front) {
    ++counters.sites_in_front;
  } else {
    ++counters.sites_behind;
  }
}

// False: not yet.
bool decide(std::uint64_t site) {
  ElfObject object;
  Patch patch;
  if (find_object(site, object) && !is_own(object)) {
    const auto build_id = build_id_of(object);
    if (!recall(build_id, object, site, patch)) {
      if (traps < kTrapsBeforeDecoder && !is_decoder_loaded()) return false;
      if (load_decoder()) patch = study_site(object, site);
      remember(build_id, object, site, patch);
    }
  }
  count_result(patch.finding, patch.finding != Finding::refused && carry_out(object, patch, site));
  return true;
}

void note_for_parked(std::uint64_t address) {
  auto& park = park_control();
  if (park.used == 0 || park.sites_used == kNotedSitesMax) return;
  for (std::uint32_t i = 0; i < park.sites_used; ++i) {
    if (park.sites[i] == address) return;
  }
  park.sites[park.sites_used++] = address;
}

}  // namespace

void rewrite_ahead(std::uint64_t address) {
  unsigned char code[kSyscallBytes];
  if (!read_original(address, code, sizeof code) || code[0] != 0x0f || code[1] != 0x05) return;
  Site* site = site_at(address);
  if (site == nullptr || site->is_decided) return;
  if (traps < kTrapsBeforeDecoder) traps = kTrapsBeforeDecoder;
  site->is_decided = decide(address);
}

void consider_rewriting(std::uint64_t address, std::uint64_t number) {
  ++traps;
  ++door_counters().trapped_calls;
  Site* site = site_at(address);
  if (site == nullptr || site->is_decided || number == kSignalReturn) return;
  note_for_parked(address);
  if (++site->traps % kTrapsBefore == 0) site->is_decided = decide(address);
}

std::uint64_t resume_address(std::uint64_t rip) {
  // The only place inside of a patch where a task can be: behind the syscall. Whoever changes a
  // signal frame to another one means an instruction that is no longer there.
  const Change* change = find_change(rip - kSyscallBytes);
  return change != nullptr ? change->stub : 0;
}

}  // namespace detsim
