#include "interpose/entry/instructions.hpp"

#include <signal.h>

#include "interpose/base/library.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/prefix.hpp"
#include "interpose/entry/rewrite.hpp"
#include "interpose/entry/rewrite_text.hpp"
#include "interpose/entry/switch.hpp"

extern "C" void detsim_entry_instruction();

namespace detsim {
namespace {

constexpr unsigned kInstructionMax = 15;
constexpr std::uint64_t kCarry = 1;
constexpr std::uint64_t kArithmeticFlags = 0x8d5;  // CF, PF, AF, ZF, SF, OF

using Registers = greg_t*;

std::uint64_t& reg(Registers registers, int name) {
  return reinterpret_cast<std::uint64_t&>(registers[name]);
}

// The bytes at an address, as many as there are before the next page that cannot be read.
unsigned read_code(std::uint64_t at, unsigned char (&code)[kInstructionMax]) {
  const auto page_rest = 4096 - (at & 4095);
  const auto* from = reinterpret_cast<const void*>(at);
  if (copy_from_user(code, from, kInstructionMax)) return kInstructionMax;
  if (page_rest >= kInstructionMax) return 0;
  return copy_from_user(code, from, page_rest) ? static_cast<unsigned>(page_rest) : 0;
}

Frame frame_of(Registers r) {
  return {.r15 = reg(r, REG_R15),
          .r14 = reg(r, REG_R14),
          .r13 = reg(r, REG_R13),
          .r12 = reg(r, REG_R12),
          .rbp = reg(r, REG_RBP),
          .rbx = reg(r, REG_RBX),
          .r11 = reg(r, REG_R11),
          .r10 = reg(r, REG_R10),
          .r9 = reg(r, REG_R9),
          .r8 = reg(r, REG_R8),
          .rax = reg(r, REG_RAX),
          .rcx = reg(r, REG_RCX),
          .rdx = reg(r, REG_RDX),
          .rsi = reg(r, REG_RSI),
          .rdi = reg(r, REG_RDI),
          .number = 0,
          .rip = reg(r, REG_RIP),
          .flags = reg(r, REG_EFL),
          .rsp = reg(r, REG_RSP),
          .resume = 0};
}

// The handler may not switch tasks; the target goes on by way of the shim, which does.
void yield_afterwards(Registers registers) {
  detsim_fault_frame = frame_of(registers);
  reg(registers, REG_RIP) = reinterpret_cast<std::uint64_t>(&detsim_entry_instruction);
}

bool is_prefix(unsigned char byte) {
  switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf2:
    case 0xf3: return true;
    default: return (byte & 0xf0) == 0x40;  // REX
  }
}

void answer_counter(Registers registers, bool with_processor) {
  const bool must_yield = charge_polling();
  const auto value = time_stamp_counter();
  reg(registers, REG_RAX) = value & 0xffffffff;
  reg(registers, REG_RDX) = value >> 32;
  if (with_processor) reg(registers, REG_RCX) = cpu().thread->cpu;
  if (must_yield) yield_afterwards(registers);
}

void answer_cpuid(Registers registers) {
  charge(current_task(), kReadingNs);
  const auto answer = ask_processor(static_cast<std::uint32_t>(reg(registers, REG_RAX)),
                                    static_cast<std::uint32_t>(reg(registers, REG_RCX)));
  reg(registers, REG_RAX) = answer.a;
  reg(registers, REG_RBX) = answer.b;
  reg(registers, REG_RCX) = answer.c;
  reg(registers, REG_RDX) = answer.d;
}

bool answer_trapped(Registers registers, const unsigned char* code, unsigned available) {
  unsigned at = 0;
  while (at < available && is_prefix(code[at])) ++at;
  if (at + 2 > available || code[at] != 0x0f) return false;
  const auto next = reg(registers, REG_RIP) + at;
  if (code[at + 1] == 0x31) {  // rdtsc
    reg(registers, REG_RIP) = next + 2;
    answer_counter(registers, false);
  } else if (code[at + 1] == 0xa2) {
    reg(registers, REG_RIP) = next + 2;
    answer_cpuid(registers);
  } else if (at + 3 <= available && code[at + 1] == 0x01 && code[at + 2] == 0xf9) {  // rdtscp
    reg(registers, REG_RIP) = next + 3;
    answer_counter(registers, true);
  } else {
    return false;
  }
  return true;
}

void set_register(Registers registers, unsigned number, unsigned bits, std::uint64_t value) {
  constexpr int names[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                           REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  auto& place = reg(registers, names[number]);
  if (bits == 64) {
    place = value;
  } else if (bits == 32) {
    place = value & 0xffffffff;
  } else {
    place = (place & ~0xffffull) | (value & 0xffff);
  }
}

bool answer_patched(Registers registers) {
  const Change* change = find_change(reg(registers, REG_RIP));
  if (change == nullptr) return false;
  const auto instruction = read_instruction(change->before, change->length);
  if (instruction.kind == PatchedInstruction::none) return false;
  charge(current_task(), kReadingNs);
  if (instruction.kind == PatchedInstruction::processor_id) {
    set_register(registers, instruction.reg, instruction.bits, cpu().thread->cpu);
  } else {
    set_register(registers, instruction.reg, instruction.bits, data_stream().next());
    auto& flags = reg(registers, REG_EFL);
    flags = (flags & ~kArithmeticFlags) | kCarry;  // there is always a number
  }
  reg(registers, REG_RIP) += instruction.length;
  return true;
}

}  // namespace

extern "C" void detsim_enter_instruction(Frame* frame) {
  cpu().keeps_vector = 1;
  current_thread().frame = reinterpret_cast<std::uint64_t>(frame);
  scheduling_point({OperationKind::yield, 0});
  if (has_deliverable_signal()) deliver_signals(*frame, 0);
}

PatchedInstruction read_instruction(const unsigned char* code, unsigned count) {
  PatchedInstruction result;
  bool narrow = false, repeated = false;
  unsigned char rex = 0;
  unsigned at = 0;
  for (; at < count && is_prefix(code[at]); ++at) {
    narrow = narrow || code[at] == 0x66;
    repeated = repeated || code[at] == 0xf3;
    rex = (code[at] & 0xf0) == 0x40 ? code[at] : 0;  // counts as the last prefix only
  }
  if (at + 3 > count || code[at] != 0x0f || code[at + 1] != 0xc7 || code[at + 2] < 0xf0) {
    return result;
  }
  const bool is_seven = (code[at + 2] & 0x38) == 0x38;
  if (repeated && !is_seven) return result;  // senduipi
  result.kind = repeated   ? PatchedInstruction::processor_id
                : is_seven ? PatchedInstruction::random_seed
                           : PatchedInstruction::random_number;
  result.length = at + 3;
  result.reg = (code[at + 2] & 7u) + ((rex & 1) != 0 ? 8 : 0);
  result.bits = repeated || (rex & 8) != 0 ? 64 : narrow ? 16 : 32;
  return result;
}

bool answer_instruction(int signal_number, ucontext_t* context) {
  if (signal_number != SIGSEGV) return false;
  auto* registers = context->uc_mcontext.gregs;
  unsigned char code[kInstructionMax];
  const auto available = read_code(reg(registers, REG_RIP), code);
  const bool answered = answer_patched(registers) || answer_trapped(registers, code, available);
  if (answered) ++door_counters().trapped_instructions;
  return answered;
}

}  // namespace detsim
