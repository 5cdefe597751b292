// The search for a circle, an instruction per SIGTRAP.
//
//   searching   Brent's algorithm (1980): one remembered state, replaced after 1, 2, 4, ... steps,
//               until the task is in it again; memory is in it when every word that was written
//               since has its value of then
//   measuring   once around: what is read, and the lowest state
//   walking     on to the lowest state, where the task enters the shim
//
// Everything here runs in signal handlers, on their stack: vector registers are free to use, the
// kernel has the target's.
#include <signal.h>

#include "interpose/base/library.hpp"
#include "interpose/base/user.hpp"
#include "interpose/entry/decoder.hpp"
#include "interpose/entry/outside.hpp"
#include "interpose/entry/spin.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/entry/trap.hpp"

extern "C" void detsim_entry_spin();

namespace detsim {
namespace {

constexpr std::uint32_t kStoresMax = 64;
constexpr std::uint32_t kPendingMax = 24;
// How far above its stack pointer a task's own variables may lie.
constexpr std::uint64_t kOwnStackBytes = 16 << 10, kRedZoneBytes = 128;
constexpr std::uint64_t kTrapFlag = 0x100, kResumeFlag = 0x10000;

// In the order in which states are compared.
struct State {
  std::uint64_t rip, rsp;
  std::uint64_t registers[15];
  std::uint64_t flags;
  std::uint64_t vectors;  // a digest
};

struct Store {  // an aligned word
  std::uint64_t address, before;
};

enum class Phase : std::uint8_t { idle, searching, measuring, walking };

struct Search {
  Phase phase = Phase::idle;
  std::uint32_t steps_left = 0;
  std::uint32_t since = 0;   // steps since the remembered state
  std::uint32_t power = 1;   // when it is replaced
  std::uint32_t circle = 0;  // its length, once known
  State remembered;
  State lowest;
  std::uint32_t store_count = 0;
  Store stores[kStoresMax];  // words written since the remembered state, as they were then
  std::uint32_t pending_count = 0;
  Store pending[kPendingMax];  // words that the instruction under way may write
  std::uint64_t pending_rsp = 0;
};

constinit Search search = {};
FoundSpin found;

// The kernel numbers registers in its own way.
constexpr int kEncoded[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                            REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

// The vector registers as the kernel saved them (XSAVE's standard format), without what is no state
// of the target: where the last x87 instruction was, and which components are in use.
std::uint64_t digest_vectors(const ucontext_t& context) {
  const auto* area = reinterpret_cast<const unsigned char*>(context.uc_mcontext.fpregs);
  if (area == nullptr) return 0;
  std::uint32_t bytes;
  memcpy(&bytes, area + 480, sizeof bytes);  // _fpx_sw_bytes.xstate_size
  std::uint64_t digest = 0;
  const auto fold = [&](unsigned begin, unsigned end) {
    for (unsigned at = begin; at + 8 <= end; at += 8) {
      std::uint64_t word;
      memcpy(&word, area + at, sizeof word);
      digest = (digest ^ word) * 0x9e3779b97f4a7c15u;
      digest ^= digest >> 29;
    }
  };
  fold(24, 416);
  fold(576, bytes > 576 && bytes < 16384 ? bytes : 576);
  return digest;
}

State state_of(const ucontext_t& context) {
  const auto* regs = context.uc_mcontext.gregs;
  State state{};
  state.rip = static_cast<std::uint64_t>(regs[REG_RIP]);
  state.rsp = static_cast<std::uint64_t>(regs[REG_RSP]);
  unsigned count = 0;
  for (const int name : kEncoded) {
    if (name != REG_RSP) state.registers[count++] = static_cast<std::uint64_t>(regs[name]);
  }
  state.flags = static_cast<std::uint64_t>(regs[REG_EFL]) & ~(kTrapFlag | kResumeFlag);
  state.vectors = digest_vectors(context);
  return state;
}

bool same(const State& a, const State& b) { return memcmp(&a, &b, sizeof a) == 0; }

bool lower(const State& a, const State& b) {
  const auto* x = reinterpret_cast<const std::uint64_t*>(&a);
  const auto* y = reinterpret_cast<const std::uint64_t*>(&b);
  for (unsigned i = 0; i < sizeof a / sizeof *x; ++i) {
    if (x[i] != y[i]) return x[i] < y[i];
  }
  return false;
}

bool is_own_stack(std::uint64_t word, std::uint64_t rsp) {
  return word + kRedZoneBytes + 16 > rsp && word < rsp + kOwnStackBytes;
}

std::uint64_t address_of(const MemoryAccess& access, const greg_t* regs, unsigned length) {
  const auto value = [&](int reg) {
    if (reg == MemoryAccess::kNone) return std::uint64_t{0};
    if (reg == MemoryAccess::kNextInstruction) {
      return static_cast<std::uint64_t>(regs[REG_RIP]) + length;
    }
    return static_cast<std::uint64_t>(regs[kEncoded[reg]]);
  };
  auto address = value(access.base) + value(access.index) * access.scale +
                 static_cast<std::uint64_t>(access.displacement);
  if (access.narrow) address &= 0xffffffff;
  if (access.segment == MemoryAccess::fs) address += current_fs_base();
  if (access.segment == MemoryAccess::gs) address += current_gs_base();
  return address;
}

template <typename Visit>
bool for_each_word(std::uint64_t address, unsigned bytes, Visit visit) {
  const auto end = address + bytes;
  for (auto word = address & ~7ull; word < end; word += 8) {
    std::uint64_t mask = ~0ull;
    if (word < address) mask &= ~0ull << ((address - word) * 8);
    if (end - word < 8) mask &= ~0ull >> ((8 - (end - word)) * 8);
    if (!visit(word, mask)) return false;
  }
  return true;
}

bool note_read(std::uint64_t word, std::uint64_t mask) {
  auto& reads = found.reads;
  for (std::uint32_t i = 0; i < reads.count; ++i) {
    if (reads.words[i].address != word) continue;
    reads.words[i].mask |= mask;
    return true;
  }
  if (reads.count == kSpinWordsMax) return false;
  reads.words[reads.count++] = {word, mask, 0};
  return true;
}

bool note_pending(std::uint64_t word) {
  if (search.pending_count == kPendingMax) return false;
  auto& store = search.pending[search.pending_count++];
  store.address = word;
  return get_user(store.before, reinterpret_cast<const void*>(word));
}

unsigned read_code(std::uint64_t at, unsigned char (&code)[kInstructionBytesMax]) {
  const auto page_rest = 4096 - (at & 4095);
  const auto* from = reinterpret_cast<const void*>(at);
  if (copy_from_user(code, from, kInstructionBytesMax)) return kInstructionBytesMax;
  if (page_rest >= kInstructionBytesMax) return 0;
  return copy_from_user(code, from, page_rest) ? static_cast<unsigned>(page_rest) : 0;
}

// Looks at the instruction that is to run next. False: the search ends before it.
bool prepare_instruction(const greg_t* regs) {
  search.pending_count = 0;
  search.pending_rsp = static_cast<std::uint64_t>(regs[REG_RSP]);
  unsigned char code[kInstructionBytesMax];
  const auto available = read_code(static_cast<std::uint64_t>(regs[REG_RIP]), code);
  Accesses accesses;
  if (!decode_accesses(code, available, accesses)) return false;
  for (unsigned i = 0; i < accesses.count; ++i) {
    const auto& access = accesses.list[i];
    const auto address = address_of(access, regs, accesses.length);
    const bool ok =
        for_each_word(address, access.bytes, [&](std::uint64_t word, std::uint64_t mask) {
          if (access.reads && search.phase == Phase::measuring && !note_read(word, mask))
            return false;
          return !access.writes || note_pending(word);
        });
    if (!ok) return false;
  }
  return true;
}

// What the instruction wrote. False: others could see it.
bool accept_stores() {
  for (std::uint32_t i = 0; i < search.pending_count; ++i) {
    const auto& store = search.pending[i];
    std::uint64_t now;
    if (!get_user(now, reinterpret_cast<const void*>(store.address))) return false;
    if (now == store.before) continue;
    if (!is_own_stack(store.address, search.pending_rsp)) return false;
    bool known = false;
    for (std::uint32_t j = 0; j < search.store_count && !known; ++j) {
      known = search.stores[j].address == store.address;
    }
    if (known) continue;
    if (search.store_count == kStoresMax) return false;
    search.stores[search.store_count++] = store;
  }
  return true;
}

bool is_memory_as_remembered() {
  for (std::uint32_t i = 0; i < search.store_count; ++i) {
    std::uint64_t now;
    const auto& store = search.stores[i];
    if (!get_user(now, reinterpret_cast<const void*>(store.address)) || now != store.before) {
      return false;
    }
  }
  return true;
}

void remember(const State& state) {
  search.remembered = state;
  search.since = 0;
  search.store_count = 0;
}

void begin(std::uint32_t steps) {
  search.phase = Phase::searching;
  search.steps_left = steps;
  search.power = 1;
  search.since = 0;
  search.store_count = search.pending_count = 0;
  search.remembered = {};  // rip 0: no state of any task
}

void set_stack_of_reads(std::uint64_t rsp) {
  found.reads.stack_begin = rsp - kRedZoneBytes;
  found.reads.stack_end = rsp + kOwnStackBytes;
}

// The task enters the shim in the state that it is in.
void leave_target(ucontext_t* context, const State& state) {
  auto* regs = context->uc_mcontext.gregs;
  stop_search(context);
  set_stack_of_reads(state.rsp);
  found.circle = search.circle;
  detsim_fault_frame = frame_of_context(regs);
  regs[REG_RIP] = reinterpret_cast<greg_t>(&detsim_entry_spin);
}

enum class Verdict : std::uint8_t { go_on, give_up, arrived };

Verdict judge(const State& state) {
  ++search.since;
  switch (search.phase) {
    case Phase::searching:
      if (same(state, search.remembered) && is_memory_as_remembered()) {
        search.phase = Phase::measuring;
        search.circle = search.since;
        search.steps_left = 2 * search.circle + 2;
        search.lowest = state;
        found.reads.count = 0;
        remember(state);
      } else if (search.since >= search.power) {
        search.power *= 2;
        remember(state);
      }
      return Verdict::go_on;
    case Phase::measuring:
      if (lower(state, search.lowest)) search.lowest = state;
      if (search.since < search.circle) return Verdict::go_on;
      if (!same(state, search.remembered) || !is_memory_as_remembered()) return Verdict::give_up;
      search.phase = Phase::walking;
      [[fallthrough]];
    case Phase::walking: return same(state, search.lowest) ? Verdict::arrived : Verdict::go_on;
    case Phase::idle: break;
  }
  return Verdict::give_up;
}

}  // namespace

const FoundSpin& found_spin() { return found; }

bool is_searching() { return search.phase != Phase::idle; }

void stop_search(ucontext_t* context) {
  search.phase = Phase::idle;
  context->uc_mcontext.gregs[REG_EFL] &= ~static_cast<greg_t>(kTrapFlag);
}

void search_from(Frame& f, std::uint32_t steps) {
  if ((f.flags & kTrapFlag) != 0) return;  // the target steps itself
  begin(steps);
  f.flags |= kTrapFlag;
}

void search_step(ucontext_t* context) {
  auto* regs = context->uc_mcontext.gregs;
  const auto rip = static_cast<std::uint64_t>(regs[REG_RIP]);
  if (in_leave_tail(rip)) return;  // about to be back in the target
  if (!is_target_text(rip) || search.steps_left-- == 0 || !accept_stores())
    return stop_search(context);
  const auto state = state_of(*context);
  const auto verdict = judge(state);
  if (verdict == Verdict::arrived) return leave_target(context, state);
  if (verdict == Verdict::give_up || !prepare_instruction(regs)) return stop_search(context);
}

void on_nudge(int, siginfo_t* info, void* context) {
  auto* ucontext = static_cast<ucontext_t*>(context);
  auto* regs = ucontext->uc_mcontext.gregs;
  const bool genuine = info->si_code == SI_QUEUE && cpu().task != nullptr &&
                       info->si_pid == world().config.launcher_pid;
  if (!genuine) return enter_for_outside_signals(ucontext);
  if (is_searching() || !is_target_text(static_cast<std::uint64_t>(regs[REG_RIP]))) return;
  if ((static_cast<std::uint64_t>(regs[REG_EFL]) & kTrapFlag) != 0 || !load_decoder()) return;
  begin(static_cast<std::uint32_t>(info->si_value.sival_int));
  regs[REG_EFL] |= static_cast<greg_t>(kTrapFlag);
}

}  // namespace detsim
