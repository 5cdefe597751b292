#include "interpose/entry/vdso.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <elf.h>
#include <linux/mman.h>

#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/entry/elf_walk.hpp"
#include "interpose/entry/symbols.hpp"

extern "C" {
void detsim_vdso_clock_gettime();
void detsim_vdso_gettimeofday();
void detsim_vdso_time();
void detsim_vdso_clock_getres();
void detsim_vdso_getcpu();
void detsim_vdso_getrandom();
extern const char detsim_vdso_begin[], detsim_vdso_end[];

struct ClockReading {
  std::uint64_t seconds, nanoseconds;  // nanoseconds -1: there is no such clock
};
}

namespace detsim {
namespace {

struct Replacement {
  const char* name;  // without the __vdso_ that the kernel's own names begin with
  void (*function)();
};
constexpr Replacement kReplacements[] = {{"clock_gettime", detsim_vdso_clock_gettime},
                                         {"gettimeofday", detsim_vdso_gettimeofday},
                                         {"time", detsim_vdso_time},
                                         {"clock_getres", detsim_vdso_clock_getres},
                                         {"getcpu", detsim_vdso_getcpu},
                                         {"getrandom", detsim_vdso_getrandom}};

constexpr unsigned kJumpBytes = 13;
std::uint64_t vdso_begin, vdso_end;

// mov r11, imm64; jmp r11: the calling convention leaves r11 free at a function's beginning.
void write_jump(unsigned char* jump, void (*to)()) {
  const auto target = reinterpret_cast<std::uint64_t>(to);
  jump[0] = 0x49, jump[1] = 0xbb;
  memcpy(jump + 2, &target, sizeof target);
  jump[10] = 0x41, jump[11] = 0xff, jump[12] = 0xe3;
}

// By changing the protection of the whole mapping (of a part is refused), else through the
// kernel's own way into memory, which needs none.
class Writer {
 public:
  Writer() {
    const auto bytes = vdso_end - vdso_begin;
    if (raw(__NR_mprotect, vdso_begin, bytes, PROT_READ | PROT_WRITE | PROT_EXEC) == 0) return;
    file_ = raw(__NR_open, "/proc/self/mem", O_RDWR | O_CLOEXEC);
    if (file_ < 0) fatal("the vDSO can be patched neither in place nor by /proc/self/mem");
  }
  ~Writer() {
    if (file_ >= 0) raw(__NR_close, file_);
    if (file_ < 0) raw(__NR_mprotect, vdso_begin, vdso_end - vdso_begin, PROT_READ | PROT_EXEC);
  }
  void write(std::uint64_t at, const unsigned char* bytes, unsigned count) const {
    if (file_ < 0) {
      memcpy(reinterpret_cast<void*>(at), bytes, count);
    } else if (raw(__NR_pwrite64, file_, bytes, count, at) != static_cast<long>(count)) {
      fatal("the vDSO cannot be written");
    }
  }

 private:
  long file_ = -1;
};

const char* plain_name(const char* name) {
  constexpr char prefix[] = "__vdso_";
  return starts_with(name, prefix) ? name + strlen(prefix) : name;
}

void patch(const Writer& writer, const ElfObject& object, const Elf64_Sym& symbol,
           const char* name) {
  if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF) return;
  for (const auto& replacement : kReplacements) {
    if (!equal(plain_name(name), replacement.name)) continue;
    if (symbol.st_size != 0 && symbol.st_size < kJumpBytes) fatal("the vDSO's ", name, " is short");
    unsigned char jump[kJumpBytes];
    write_jump(jump, replacement.function);
    writer.write(object.address_of(symbol.st_value), jump, kJumpBytes);
    return;
  }
}

struct Symbols {
  const Elf64_Sym* begin = nullptr;
  const char* names = nullptr;
  std::uint32_t count = 0;
};

// The number of symbols is known from the hash table, or from where the strings begin.
Symbols symbols_of(const ElfObject& object) {
  Symbols result;
  const std::uint32_t* hash = nullptr;
  for (const auto* entry = object.dynamic; entry->d_tag != DT_NULL; ++entry) {
    const auto address = object.address_of(entry->d_un.d_ptr);
    if (entry->d_tag == DT_SYMTAB) result.begin = reinterpret_cast<const Elf64_Sym*>(address);
    if (entry->d_tag == DT_STRTAB) result.names = reinterpret_cast<const char*>(address);
    if (entry->d_tag == DT_HASH) hash = reinterpret_cast<const std::uint32_t*>(address);
  }
  if (result.begin == nullptr || result.names == nullptr) fatal("the vDSO has no symbols");
  const auto bytes = result.names - reinterpret_cast<const char*>(result.begin);
  result.count = hash != nullptr ? hash[1] : static_cast<std::uint32_t>(bytes > 0 ? bytes / 24 : 0);
  return result;
}

}  // namespace

void patch_vdso(std::uint64_t base) {
  if (base == 0) return;
  ElfObject object;
  if (!read_object(base, object) || object.dynamic == nullptr) fatal("the vDSO is no ELF image");
  vdso_begin = object.begin();
  vdso_end = object.end();
  const auto symbols = symbols_of(object);
  const Writer writer;
  for (std::uint32_t i = 0; i < symbols.count; ++i) {
    patch(writer, object, symbols.begin[i], symbols.names + symbols.begin[i].st_name);
  }
}

bool in_vdso_function(std::uint64_t address) {
  return address >= reinterpret_cast<std::uint64_t>(detsim_vdso_begin) &&
         address < reinterpret_cast<std::uint64_t>(detsim_vdso_end);
}

bool in_vdso(std::uint64_t address) { return address >= vdso_begin && address < vdso_end; }

// -- what vdso.S calls, on the caller's stack

extern "C" ClockReading detsim_clock_reading(int clock) {
  if (charge_polling()) [[unlikely]]
    point_from_target({OperationKind::yield, 0});
  bool ok;
  const auto value = clock_value(clock, ok);
  if (!ok) return {static_cast<std::uint64_t>(-EINVAL), ~0ull};
  return {value / kSecondNs, value % kSecondNs};
}

extern "C" long detsim_resolution(int clock) {
  const auto resolution_ns = clock_resolution_ns(clock);
  return resolution_ns == 0 ? -EINVAL : static_cast<long>(resolution_ns);
}

extern "C" std::uint32_t detsim_virtual_cpu() { return cpu().thread->cpu; }

}  // namespace detsim
