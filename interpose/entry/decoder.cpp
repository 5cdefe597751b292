#include "interpose/entry/decoder.hpp"

#define ZYAN_NO_LIBC
#include <Zydis/Decoder.h>
#include <Zydis/Zydis.h>
#include <asm-generic/fcntl.h>
#include <elf.h>
#include <linux/mman.h>

#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/entry/decoder_accesses.hpp"
#include "interpose/entry/elf_walk.hpp"
#include "interpose/entry/rewrite.hpp"
#include "scheduler/world.hpp"

#ifndef DETSIM_ZYDIS
#define DETSIM_ZYDIS "/usr/lib/x86_64-linux-gnu/libZydis.so.4.0"
#endif

extern "C" {
void detsim_save_vectors(void* area);
void detsim_restore_vectors(const void* area);
}

namespace detsim {
namespace {

constexpr std::uint64_t kDecoderAddress = kPrivateAddress + (4ull << 30);
constexpr std::uint64_t kDecoderBytesMax = 64 << 20;
constexpr unsigned kHeadersMax = 16;

decltype(&ZydisDecoderDecodeInstruction) zydis_decode;
decltype(&ZydisDecoderDecodeFull) zydis_decode_full;
ZydisDecoder decoder;
enum { not_tried, loaded, missing } state;

alignas(64) unsigned char vector_area[16 << 10];

[[noreturn]] void failed_inside() { fatal("the instruction decoder failed"); }

struct Import {
  const char* name;
  void* function;
};
const Import kImports[] = {{"memcpy", reinterpret_cast<void*>(memcpy)},
                           {"memset", reinterpret_cast<void*>(memset)},
                           {"strlen", reinterpret_cast<void*>(strlen)},
                           {"__assert_fail", reinterpret_cast<void*>(failed_inside)},
                           {"__stack_chk_fail", reinterpret_cast<void*>(failed_inside)}};

struct Image {
  const Elf64_Sym* symbols = nullptr;
  const char* names = nullptr;
  const Elf64_Rela* relocations[2] = {};
  std::uint64_t relocation_bytes[2] = {};
};

constexpr std::uint64_t page_of(std::uint64_t address) { return address & ~4095ull; }
constexpr std::uint64_t pages_of(std::uint64_t bytes) { return (bytes + 4095) & ~4095ull; }

int protection_of(const Elf64_Phdr& segment) {
  return ((segment.p_flags & PF_R) != 0 ? PROT_READ : 0) |
         ((segment.p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
         ((segment.p_flags & PF_X) != 0 ? PROT_EXEC : 0);
}

bool map_segment(long fd, const Elf64_Phdr& segment) {
  const auto begin = kDecoderAddress + segment.p_vaddr;
  const auto file_end = begin + segment.p_filesz, end = begin + segment.p_memsz;
  if (segment.p_vaddr + segment.p_memsz > kDecoderBytesMax) return false;
  const auto length = pages_of(file_end) - page_of(begin);
  if (raw(__NR_mmap, page_of(begin), length, protection_of(segment),
          MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd,
          page_of(segment.p_offset)) != static_cast<long>(page_of(begin))) {
    return false;
  }
  if (segment.p_memsz == segment.p_filesz) return true;
  memset(reinterpret_cast<void*>(file_end), 0, pages_of(file_end) - file_end);
  if (end <= pages_of(file_end)) return true;
  return raw(__NR_mmap, pages_of(file_end), pages_of(end) - pages_of(file_end),
             protection_of(segment), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
             0) == static_cast<long>(pages_of(file_end));
}

bool map_file(long fd, const Elf64_Dyn*& dynamic) {
  Elf64_Ehdr header;
  Elf64_Phdr segments[kHeadersMax];
  if (raw(__NR_pread64, fd, &header, sizeof header, 0) != sizeof header) return false;
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_machine != EM_X86_64) return false;
  if (header.e_phnum > kHeadersMax) return false;
  const auto bytes = header.e_phnum * sizeof segments[0];
  if (raw(__NR_pread64, fd, segments, bytes, header.e_phoff) != static_cast<long>(bytes)) {
    return false;
  }
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    if (segments[i].p_type == PT_LOAD && !map_segment(fd, segments[i])) return false;
    if (segments[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const Elf64_Dyn*>(kDecoderAddress + segments[i].p_vaddr);
    }
  }
  return dynamic != nullptr;
}

Image image_of(const Elf64_Dyn* dynamic) {
  Image image;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    const auto value = dynamic->d_un.d_val;
    const auto* at = reinterpret_cast<const void*>(kDecoderAddress + value);
    switch (dynamic->d_tag) {
      case DT_SYMTAB: image.symbols = static_cast<const Elf64_Sym*>(at); break;
      case DT_STRTAB: image.names = static_cast<const char*>(at); break;
      case DT_RELA: image.relocations[0] = static_cast<const Elf64_Rela*>(at); break;
      case DT_RELASZ: image.relocation_bytes[0] = value; break;
      case DT_JMPREL: image.relocations[1] = static_cast<const Elf64_Rela*>(at); break;
      case DT_PLTRELSZ: image.relocation_bytes[1] = value; break;
      default: break;
    }
  }
  return image;
}

bool find_value(const Image& image, const Elf64_Sym& symbol, std::uint64_t& value) {
  const char* name = image.names + symbol.st_name;
  value = symbol.st_shndx != SHN_UNDEF ? kDecoderAddress + symbol.st_value : 0;
  if (value != 0) return true;
  for (const auto& import : kImports) {
    if (equal(name, import.name)) value = reinterpret_cast<std::uint64_t>(import.function);
  }
  return value != 0 || ELF64_ST_BIND(symbol.st_info) == STB_WEAK;
}

bool relocate(const Image& image, const Elf64_Rela& relocation) {
  auto* place = reinterpret_cast<std::uint64_t*>(kDecoderAddress + relocation.r_offset);
  const auto addend = static_cast<std::uint64_t>(relocation.r_addend);
  const auto& symbol = image.symbols[ELF64_R_SYM(relocation.r_info)];
  switch (ELF64_R_TYPE(relocation.r_info)) {
    case R_X86_64_RELATIVE: *place = kDecoderAddress + addend; return true;
    case R_X86_64_GLOB_DAT:
    case R_X86_64_JUMP_SLOT: return find_value(image, symbol, *place);
    case R_X86_64_64:
      if (!find_value(image, symbol, *place)) return false;
      *place += addend;
      return true;
    default: return false;
  }
}

bool relocate_all(const Image& image) {
  for (unsigned table = 0; table < 2; ++table) {
    const auto count = image.relocation_bytes[table] / sizeof(Elf64_Rela);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!relocate(image, image.relocations[table][i])) return false;
    }
  }
  return true;
}

template <typename Function>
bool find(const ElfObject& object, const char* name, Function& function) {
  function = reinterpret_cast<Function>(find_function_in(object, name));
  return function != nullptr;
}

// The layout of what it fills in is that of the headers we are compiled with.
bool begin_decoding(const ElfObject& object) {
  decltype(&ZydisGetVersion) version;
  decltype(&ZydisDecoderInit) init;
  if (!find(object, "ZydisGetVersion", version) || !find(object, "ZydisDecoderInit", init) ||
      !find(object, "ZydisDecoderDecodeInstruction", zydis_decode) ||
      !find(object, "ZydisDecoderDecodeFull", zydis_decode_full)) {
    return false;
  }
  if (version() >> 32 != ZYDIS_VERSION >> 32) return false;
  return ZYAN_SUCCESS(init(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
}

bool load_from(const char* path) {
  const long fd = raw(__NR_open, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ElfObject object;
  const bool mapped = map_file(fd, object.dynamic);
  raw(__NR_close, fd);
  object.base = kDecoderAddress;
  if (mapped && relocate_all(image_of(object.dynamic)) && begin_decoding(object)) return true;
  raw(__NR_munmap, kDecoderAddress, kDecoderBytesMax);
  return false;
}

// Beside the shim, for installations elsewhere.
bool load_from_own_directory() {
  const char* library = world().config.library;
  Text<kPathMax> path;
  std::size_t directory = 0;
  for (std::size_t i = 0; library[i] != 0; ++i) {
    if (library[i] == '/') directory = i + 1;
  }
  for (std::size_t i = 0; i < directory; ++i) path << library[i];
  path << "libZydis.so.4.0";
  return load_from(path.data());
}

Meaning meaning_of(const ZydisDecodedInstruction& z) {
  switch (z.mnemonic) {
    case ZYDIS_MNEMONIC_SYSCALL: return Meaning::syscall;
    case ZYDIS_MNEMONIC_RDRAND: return Meaning::random_number;
    case ZYDIS_MNEMONIC_RDSEED: return Meaning::random_seed;
    case ZYDIS_MNEMONIC_RDPID: return Meaning::processor_id;
    case ZYDIS_MNEMONIC_ENDBR64: return Meaning::landing;
    default: return Meaning::other;
  }
}

Flow flow_of(const ZydisDecodedInstruction& z) {
  const bool direct = z.raw.imm[0].is_relative;
  switch (z.meta.category) {
    case ZYDIS_CATEGORY_CALL: return Flow::call;
    case ZYDIS_CATEGORY_UNCOND_BR: return direct ? Flow::jump : Flow::indirect;
    case ZYDIS_CATEGORY_RET: return Flow::end;
    default: break;
  }
  switch (z.mnemonic) {
    case ZYDIS_MNEMONIC_XBEGIN: return Flow::branch;
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
    case ZYDIS_MNEMONIC_HLT:
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_IRETD: return Flow::end;
    default: return direct ? Flow::branch : Flow::next;
  }
}

bool has_modrm(const ZydisDecodedInstruction& z) {
  return (z.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
}

bool is_ip_relative(const ZydisDecodedInstruction& z) {
  return has_modrm(z) && z.raw.modrm.mod == 0 && z.raw.modrm.rm == 5;
}

// Plain arithmetic and moves between registers: what stands around a system call nearly always.
bool is_movable(const ZydisDecodedInstruction& z) {
  if (z.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) return false;
  if (z.mnemonic == ZYDIS_MNEMONIC_LEA || z.mnemonic == ZYDIS_MNEMONIC_NOP) return true;
  if (has_modrm(z) && z.raw.modrm.mod != 3) return false;
  if ((z.attributes & ZYDIS_ATTRIB_IS_RELATIVE) != 0) return false;
  switch (z.mnemonic) {
    case ZYDIS_MNEMONIC_MOV:  // not those with a fixed address, or of segment registers
      return (z.opcode >= 0x88 && z.opcode <= 0x8b) || (z.opcode >= 0xb0 && z.opcode <= 0xbf) ||
             z.opcode == 0xc6 || z.opcode == 0xc7;
    case ZYDIS_MNEMONIC_CMP:
    case ZYDIS_MNEMONIC_TEST:
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_NEG:
    case ZYDIS_MNEMONIC_NOT:
    case ZYDIS_MNEMONIC_INC:
    case ZYDIS_MNEMONIC_DEC:
    case ZYDIS_MNEMONIC_SHL:
    case ZYDIS_MNEMONIC_SHR:
    case ZYDIS_MNEMONIC_SAR:
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
    case ZYDIS_MNEMONIC_CDQE: return true;
    default: return z.meta.category == ZYDIS_CATEGORY_CMOV;
  }
}

}  // namespace

bool load_decoder() {
  if (state == not_tried) {
    state = load_from(DETSIM_ZYDIS) || load_from_own_directory() ? loaded : missing;
    if (state == loaded) ++door_counters().decoders_loaded;
  }
  return state == loaded;
}

bool is_decoder_loaded() { return state == loaded; }

bool decode(const unsigned char* bytes, unsigned count, std::uint64_t address,
            Instruction& instruction) {
  ZydisDecodedInstruction z;
  const auto room = count < kInstructionBytesMax ? count : kInstructionBytesMax;
  if (!ZYAN_SUCCESS(zydis_decode(&decoder, nullptr, bytes, room, &z))) return false;
  instruction = {};
  instruction.length = z.length;
  instruction.flow = flow_of(z);
  instruction.meaning = meaning_of(z);
  instruction.is_movable = is_movable(z);
  instruction.bits = z.operand_width;
  if (z.raw.imm[0].is_relative) {
    instruction.target = address + z.length + z.raw.imm[0].value.u;
  }
  if (has_modrm(z)) instruction.reg = z.raw.modrm.rm + 8u * z.raw.rex.B;
  if (is_ip_relative(z)) {
    instruction.through_pointer = instruction.flow == Flow::indirect;
    instruction.displacement_at = z.raw.disp.offset;
  }
  return true;
}

bool decode_accesses(const unsigned char* bytes, unsigned count, Accesses& accesses) {
  ZydisDecodedInstruction z;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  const auto room = count < kInstructionBytesMax ? count : kInstructionBytesMax;
  if (!ZYAN_SUCCESS(zydis_decode_full(&decoder, bytes, room, &z, operands))) return false;
  return find_accesses(z, operands, accesses);
}

VectorsKept::VectorsKept() {
  memset(vector_area + 512, 0, 64);  // the header, of which only a part is written
  detsim_save_vectors(vector_area);
}

VectorsKept::~VectorsKept() { detsim_restore_vectors(vector_area); }

}  // namespace detsim
