#include "interpose/entry/decoder_accesses.hpp"

namespace detsim {
namespace {

constexpr unsigned kOperandBytesMax = 64;

// More than registers and the memory operands would tell, or a result that differs from time to
// time.
bool is_special(const ZydisDecodedInstruction& z) {
  switch (z.meta.category) {
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_SYSTEM:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_IO:
    case ZYDIS_CATEGORY_IOSTRINGOP:
    case ZYDIS_CATEGORY_RDRAND:
    case ZYDIS_CATEGORY_RDSEED:
    case ZYDIS_CATEGORY_RDWRFSGS:
    case ZYDIS_CATEGORY_SEGOP:
    case ZYDIS_CATEGORY_XSAVE:
    case ZYDIS_CATEGORY_XSAVEOPT:
    case ZYDIS_CATEGORY_VTX:
    case ZYDIS_CATEGORY_SGX: return true;
    default: break;
  }
  switch (z.mnemonic) {
    case ZYDIS_MNEMONIC_CPUID:
    case ZYDIS_MNEMONIC_RDTSC:
    case ZYDIS_MNEMONIC_RDTSCP:
    case ZYDIS_MNEMONIC_RDPID:
    case ZYDIS_MNEMONIC_HLT:
    case ZYDIS_MNEMONIC_PUSHF:
    case ZYDIS_MNEMONIC_PUSHFD:
    case ZYDIS_MNEMONIC_PUSHFQ:
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
    case ZYDIS_MNEMONIC_POPFQ:
    case ZYDIS_MNEMONIC_ENTER:
    case ZYDIS_MNEMONIC_XBEGIN:
    case ZYDIS_MNEMONIC_XEND:
    case ZYDIS_MNEMONIC_XABORT:
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2: return true;
    default: return false;
  }
}

bool touches_nothing(const ZydisDecodedInstruction& z) {
  return z.meta.category == ZYDIS_CATEGORY_NOP || z.meta.category == ZYDIS_CATEGORY_WIDENOP ||
         z.meta.category == ZYDIS_CATEGORY_PREFETCH || z.mnemonic == ZYDIS_MNEMONIC_ENDBR64;
}

bool is_segment_register(ZydisRegister reg) {
  return reg >= ZYDIS_REGISTER_ES && reg <= ZYDIS_REGISTER_GS;
}

// False: no register that takes part in addresses.
bool find_register(ZydisRegister reg, int& number, bool& narrow) {
  if (reg == ZYDIS_REGISTER_NONE) {
    number = MemoryAccess::kNone;
  } else if (reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15) {
    number = reg - ZYDIS_REGISTER_RAX;
  } else if (reg >= ZYDIS_REGISTER_EAX && reg <= ZYDIS_REGISTER_R15D) {
    number = reg - ZYDIS_REGISTER_EAX;
    narrow = true;
  } else if (reg == ZYDIS_REGISTER_RIP) {
    number = MemoryAccess::kNextInstruction;
  } else {
    return false;
  }
  return true;
}

bool find_access(const ZydisDecodedOperand& operand, MemoryAccess& access) {
  const auto& mem = operand.mem;
  if (mem.type != ZYDIS_MEMOP_TYPE_MEM) return false;
  if (!find_register(mem.base, access.base, access.narrow)) return false;
  if (!find_register(mem.index, access.index, access.narrow)) return false;
  access.scale = mem.scale;
  access.displacement = mem.disp.value;
  access.segment = mem.segment == ZYDIS_REGISTER_FS   ? MemoryAccess::fs
                   : mem.segment == ZYDIS_REGISTER_GS ? MemoryAccess::gs
                                                      : MemoryAccess::flat;
  access.bytes = operand.size / 8;
  access.reads = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
  access.writes = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
  // What is pushed goes below the stack pointer as it is before.
  const bool is_push = operand.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && access.writes &&
                       mem.base == ZYDIS_REGISTER_RSP;
  if (is_push) access.displacement -= access.bytes;
  return access.bytes > 0 && access.bytes <= kOperandBytesMax;
}

}  // namespace

bool find_accesses(const ZydisDecodedInstruction& z, const ZydisDecodedOperand* operands,
                   Accesses& accesses) {
  accesses = {};
  accesses.length = z.length;
  if (is_special(z)) return false;
  if (touches_nothing(z)) return true;
  for (unsigned i = 0; i < z.operand_count; ++i) {
    const auto& operand = operands[i];
    if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_segment_register(operand.reg.value)) {
      return false;
    }
    if (operand.type == ZYDIS_OPERAND_TYPE_POINTER) return false;
    if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
    if (operand.mem.type == ZYDIS_MEMOP_TYPE_AGEN) continue;
    if (accesses.count == kAccessesMax) return false;
    if (!find_access(operand, accesses.list[accesses.count++])) return false;
  }
  return true;
}

}  // namespace detsim
