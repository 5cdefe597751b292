// cpuid as the virtual machine answers it: the processor's own answers, read once per run, with
// those parts replaced that depend on which core runs or on how many there are, and without the
// features whose instructions no door can answer for.
#include "interpose/base/raw.hpp"
#include "interpose/entry/cpu.hpp"
#include "interpose/entry/instructions.hpp"
#include "scheduler/world.hpp"

namespace detsim {
namespace {

constexpr long kSetTrapping = 0x1012;  // ARCH_SET_CPUID; 1: cpuid works, 0: it faults

constexpr std::uint32_t bit(unsigned number) { return 1u << number; }

// The processor's answers, shared by all processes of the run, behind the cache of code findings.
struct KnownAnswer {
  std::uint32_t known, leaf, subleaf;
  ProcessorAnswer answer;
};
constexpr unsigned kKnownMax = 1024;
KnownAnswer* known_answers() { return reinterpret_cast<KnownAnswer*>(kWorldSites + (1 << 20)); }

ProcessorAnswer ask_for_real(std::uint32_t leaf, std::uint32_t subleaf) {
  ProcessorAnswer r;
  raw(__NR_arch_prctl, kSetTrapping, 1);
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
  raw(__NR_arch_prctl, kSetTrapping, 0);
  return r;
}

ProcessorAnswer native(std::uint32_t leaf, std::uint32_t subleaf) {
  const auto first = mix64(leaf * 0x100000001ull ^ subleaf);
  for (unsigned i = 0; i < kKnownMax; ++i) {
    auto& entry = known_answers()[(first + i) % kKnownMax];
    if (entry.known == 0) entry = {1, leaf, subleaf, ask_for_real(leaf, subleaf)};
    if (entry.leaf == leaf && entry.subleaf == subleaf) return entry.answer;
  }
  return ask_for_real(leaf, subleaf);
}

// Most leaves do not look at the subleaf, which is then whatever the register held.
std::uint32_t used_subleaf(std::uint32_t leaf, std::uint32_t subleaf) {
  switch (leaf) {
    case 4:
    case 7:
    case 0xb:
    case 0xd:
    case 0xf:
    case 0x10:
    case 0x12:
    case 0x14:
    case 0x17:
    case 0x18:
    case 0x1a:
    case 0x1b:
    case 0x1d:
    case 0x1e:
    case 0x1f:
    case 0x20:
    case 0x8000001d: return subleaf;
    default: return 0;
  }
}

// Beyond the last leaf of its range, a processor answers something else.
bool exists(std::uint32_t leaf) { return leaf <= native(leaf & 0xf000'0000, 0).a; }

std::uint32_t bits_for(std::uint32_t count) {
  std::uint32_t bits = 0;
  while ((1u << bits) < count) ++bits;
  return bits;
}

// Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E.
void virtualize(std::uint32_t leaf, std::uint32_t subleaf, ProcessorAnswer& r) {
  const auto cpus = world().config.cpus;
  const auto id = cpu().thread->cpu;
  const auto places = 1u << bits_for(cpus);
  switch (leaf) {
    case 1:
      r.b = (r.b & 0xffff) | (places & 0xff) << 16 | id << 24;
      r.c &= ~bit(30);  // rdrand
      r.d = cpus > 1 ? r.d | bit(28) : r.d & ~bit(28);
      break;
    case 4: {
      const auto level = (r.a >> 5) & 7;
      if ((r.a & 31) == 0) break;
      const auto sharing = level >= 3 ? places - 1 : 0;
      r.a = (r.a & 0x3fff) | (sharing & 0xfff) << 14 | ((places - 1) & 63) << 26;
      break;
    }
    case 7:
      if (subleaf != 0) break;
      r.b &= ~(bit(4) | bit(11) | bit(18));  // transactions, rdseed
      r.c &= ~(bit(5) | bit(22));            // waiting by the counter, rdpid
      r.d &= ~(bit(5) | bit(11) | bit(13) | bit(22) | bit(24) | bit(25));  // user interrupts, tiles
      break;
    case 0xb:
    case 0x1f:
      r.a = subleaf == 1 ? bits_for(cpus) : 0;
      r.b = subleaf == 0 ? 1 : subleaf == 1 ? cpus : 0;
      r.c = subleaf | (subleaf < 2 ? (subleaf + 1) << 8 : 0);  // 1: threads, 2: cores
      r.d = id;
      break;
    case 0x15: r = {1, 1, 1'000'000'000, 0}; break;  // the counter's clock, in Hz
    case 0x16: r = {1000, 1000, 100, 0}; break;      // in MHz
    case 0x40000010: r.a = 1'000'000; break;         // in kHz, as hypervisors tell it
    case 0x80000008:
      if (r.c != 0) r.c = (cpus - 1) | bits_for(cpus) << 12;
      break;  // AMD
    case 0x8000001e:
      if ((r.a | r.b | r.c) != 0) r = {id, id, 0, 0};
      break;  // AMD
    default: break;
  }
}

}  // namespace

ProcessorAnswer ask_processor(std::uint32_t leaf, std::uint32_t subleaf) {
  auto answer = native(leaf, used_subleaf(leaf, subleaf));
  if (exists(leaf)) virtualize(leaf, subleaf, answer);
  return answer;
}

void trap_cpuid() { raw(__NR_arch_prctl, kSetTrapping, 0); }

}  // namespace detsim
