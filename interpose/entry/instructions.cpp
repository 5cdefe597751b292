#include "interpose/entry/instructions.hpp"

#include <signal.h>

#include "interpose/base/library.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/switch.hpp"

extern "C" void detsim_entry_instruction();

namespace detsim {
namespace {

constexpr unsigned kInstructionMax = 15;

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
  return {.r15 = reg(r, REG_R15), .r14 = reg(r, REG_R14), .r13 = reg(r, REG_R13),
          .r12 = reg(r, REG_R12), .rbp = reg(r, REG_RBP), .rbx = reg(r, REG_RBX),
          .r11 = reg(r, REG_R11), .r10 = reg(r, REG_R10), .r9 = reg(r, REG_R9),
          .r8 = reg(r, REG_R8), .rax = reg(r, REG_RAX), .rcx = reg(r, REG_RCX),
          .rdx = reg(r, REG_RDX), .rsi = reg(r, REG_RSI), .rdi = reg(r, REG_RDI), .number = 0,
          .rip = reg(r, REG_RIP), .flags = reg(r, REG_EFL), .rsp = reg(r, REG_RSP), .resume = 0};
}

// The handler may not switch tasks; the target goes on by way of the shim, which does.
void yield_afterwards(Registers registers) {
  detsim_fault_frame = frame_of(registers);
  reg(registers, REG_RIP) = reinterpret_cast<std::uint64_t>(&detsim_entry_instruction);
}

bool is_prefix(unsigned char byte) {
  switch (byte) {
    case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: case 0x66: case 0x67:
    case 0xf2: case 0xf3:
      return true;
    default: return (byte & 0xf0) == 0x40;  // REX
  }
}

bool answer_counter(Registers registers, const unsigned char* code, unsigned available) {
  unsigned at = 0;
  while (at < available && is_prefix(code[at])) ++at;
  if (at + 2 > available || code[at] != 0x0f) return false;
  const bool plain = code[at + 1] == 0x31;  // rdtsc
  const bool numbered = at + 3 <= available && code[at + 1] == 0x01 && code[at + 2] == 0xf9;
  if (!plain && !numbered) return false;
  const bool must_yield = charge_polling();
  const auto value = time_stamp_counter();
  reg(registers, REG_RAX) = value & 0xffffffff;
  reg(registers, REG_RDX) = value >> 32;
  if (numbered) reg(registers, REG_RCX) = cpu().thread->cpu;
  reg(registers, REG_RIP) += at + (plain ? 2 : 3);
  if (must_yield) yield_afterwards(registers);
  return true;
}

}  // namespace

extern "C" void detsim_enter_instruction(Frame* frame) {
  cpu().keeps_vector = 1;
  current_thread().frame = reinterpret_cast<std::uint64_t>(frame);
  scheduling_point({OperationKind::yield, 0});
  if (has_deliverable_signal()) deliver_signals(*frame, 0);
}

bool answer_instruction(int signal_number, ucontext_t* context) {
  if (signal_number != SIGSEGV) return false;
  auto* registers = context->uc_mcontext.gregs;
  unsigned char code[kInstructionMax];
  const auto available = read_code(reg(registers, REG_RIP), code);
  return answer_counter(registers, code, available);
}

void scan_mapping(std::uint64_t, std::uint64_t) {}

void scan_image() {}

}  // namespace detsim
