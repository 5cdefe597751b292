#include "interpose/entry/elf_walk.hpp"

#include <asm-generic/fcntl.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "scheduler/choice.hpp"

extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));

namespace detsim {
namespace {

// The loader's public structures (link.h, which would bring libc's headers along).
struct LinkMap {
  std::uint64_t base;
  const char* name;
  const Elf64_Dyn* dynamic;
  const LinkMap* next;
  const LinkMap* previous;
};
struct DebugInfo {
  int version;
  const LinkMap* map;
  std::uint64_t breakpoint;
  int state;
  std::uint64_t loader_base;
  const DebugInfo* next;  // version 2 and later: the next namespace
};

const DebugInfo* debug_info;
const Elf64_Phdr* main_headers;
unsigned main_header_count;

std::uint64_t dynamic_value(const Elf64_Dyn* dynamic, std::int64_t tag) {
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == tag) return dynamic->d_un.d_val;
  }
  return 0;
}

// The loader replaces these by addresses, except where the section is read-only (the vDSO).
std::uint64_t dynamic_address(const ElfObject& object, std::int64_t tag) {
  const auto value = dynamic_value(object.dynamic, tag);
  return value != 0 && value < object.base ? value + object.base : value;
}

bool copy_segments(ElfObject& object, const void* headers, unsigned count) {
  if (count == 0 || count > kSegmentsMax) return false;
  object.segment_count = count;
  return copy_from_user(object.segments, headers, count * sizeof(Elf64_Phdr));
}

struct SymbolTable {
  const Elf64_Sym* symbols;
  const char* names;
  const std::uint16_t* versions;  // nullptr: the object has none
};

bool is_wanted(const SymbolTable& table, std::uint32_t index, const char* name) {
  const auto& symbol = table.symbols[index];
  const auto type = ELF64_ST_TYPE(symbol.st_info);
  if (symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) return false;
  if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) return false;
  if (table.versions != nullptr) {
    const auto version = table.versions[index];
    if ((version & 0x8000) != 0 || version == 0) return false;  // not the default, or local
  }
  return equal(table.names + symbol.st_name, name);
}

// https://flapenguin.me/elf-dt-gnu-hash describes the layout.
const Elf64_Sym* look_up_gnu(const SymbolTable& table, const std::uint32_t* hashes,
                             const char* name) {
  std::uint32_t hash = 5381;
  for (const char* c = name; *c != 0; ++c) hash = hash * 33 + static_cast<unsigned char>(*c);
  const auto bucket_count = hashes[0], first = hashes[1], bloom_words = hashes[2],
             shift = hashes[3];
  const auto* bloom = reinterpret_cast<const std::uint64_t*>(hashes + 4);
  const auto word = bloom[(hash / 64) % bloom_words];
  if ((word >> (hash % 64) & word >> ((hash >> shift) % 64) & 1) == 0) return nullptr;
  const auto* buckets = reinterpret_cast<const std::uint32_t*>(bloom + bloom_words);
  const auto* chain = buckets + bucket_count;
  auto index = buckets[hash % bucket_count];
  if (index < first) return nullptr;
  for (;; ++index) {
    const auto entry = chain[index - first];
    if ((entry | 1) == (hash | 1) && is_wanted(table, index, name)) return table.symbols + index;
    if ((entry & 1) != 0) return nullptr;
  }
}

const Elf64_Sym* look_up_sysv(const SymbolTable& table, const std::uint32_t* hashes,
                              const char* name) {
  const auto count = hashes[1];
  for (std::uint32_t i = 1; i < count; ++i) {
    if (is_wanted(table, i, name)) return table.symbols + i;
  }
  return nullptr;
}

bool is_vdso(const ElfObject& object) { return starts_with(object.name, "linux-vdso"); }

// -- unwinding tables: LSB Core, "Exception Frames"; the encodings are those of DWARF's
// DW_EH_PE_*.

class Reader {
 public:
  explicit Reader(std::uint64_t at) : at_(at) {}
  template <typename T>
  T take() {
    T value;
    __builtin_memcpy(&value, reinterpret_cast<const void*>(at_), sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::uint64_t take_leb128() {
    std::uint64_t value = 0;
    unsigned shift = 0;
    std::uint8_t byte;
    do {
      byte = take<std::uint8_t>();
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      shift += 7;
    } while ((byte & 0x80) != 0);
    return value;
  }
  // `base` is what data-relative values are relative to.
  std::uint64_t take_encoded(std::uint8_t encoding, std::uint64_t base) {
    const auto here = at_;
    std::uint64_t value;
    switch (encoding & 0x0f) {
      case 0x0:
      case 0x4:
      case 0xc: value = take<std::uint64_t>(); break;
      case 0x2: value = take<std::uint16_t>(); break;
      case 0x3: value = take<std::uint32_t>(); break;
      case 0xa: value = static_cast<std::uint64_t>(take<std::int16_t>()); break;
      case 0xb: value = static_cast<std::uint64_t>(take<std::int32_t>()); break;
      default: value = take_leb128(); break;
    }
    if (value == 0) return 0;
    if ((encoding & 0x70) == 0x10) value += here;
    if ((encoding & 0x70) == 0x30) value += base;
    return value;
  }
  std::uint64_t at() const { return at_; }
  void go(std::uint64_t at) { at_ = at; }

 private:
  std::uint64_t at_;
};

struct Augmentation {
  bool sized = false;  // 'z'
  std::uint8_t pointers = 0;
  std::uint8_t landing_pads = 0xff;  // 0xff: omitted
};

Augmentation read_common_entry(std::uint64_t at) {
  Reader r(at);
  r.take<std::uint32_t>();  // length
  r.take<std::uint32_t>();  // id
  const auto version = r.take<std::uint8_t>();
  const char* letters = reinterpret_cast<const char*>(r.at());
  r.go(r.at() + strlen(letters) + 1);
  r.take_leb128();  // code alignment
  r.take_leb128();  // data alignment
  if (version == 1) {
    r.take<std::uint8_t>();  // return address register
  } else {
    r.take_leb128();
  }
  Augmentation result;
  if (*letters != 'z') return result;
  result.sized = true;
  r.take_leb128();
  for (const char* letter = letters + 1; *letter != 0; ++letter) {
    if (*letter == 'R') result.pointers = r.take<std::uint8_t>();
    if (*letter == 'L') result.landing_pads = r.take<std::uint8_t>();
    if (*letter == 'P') {
      const auto encoding = r.take<std::uint8_t>();
      r.take_encoded(encoding, 0);
    }
  }
  return result;
}

bool read_entry(std::uint64_t at, std::uint64_t address, FunctionRange& range) {
  Reader r(at);
  const auto length = r.take<std::uint32_t>();
  if (length == 0 || length == ~0u) return false;
  const auto common = r.at() - r.take<std::uint32_t>();
  const auto augmentation = read_common_entry(common);
  range.begin = r.take_encoded(augmentation.pointers, 0);
  range.end = range.begin + r.take_encoded(augmentation.pointers & 0x0f, 0);
  range.has_landing_pads = false;
  if (augmentation.sized && augmentation.landing_pads != 0xff) {
    r.take_leb128();
    range.has_landing_pads = r.take_encoded(augmentation.landing_pads, 0) != 0;
  }
  return address >= range.begin && address < range.end;
}

}  // namespace

const Elf64_Phdr* ElfObject::segment(std::uint32_t type) const {
  for (unsigned i = 0; i < segment_count; ++i) {
    if (segments[i].p_type == type) return segments + i;
  }
  return nullptr;
}

const Elf64_Phdr* ElfObject::code_at(std::uint64_t address) const {
  for (unsigned i = 0; i < segment_count; ++i) {
    const auto& s = segments[i];
    if (s.p_type == PT_LOAD && (s.p_flags & (PF_X | PF_W)) == PF_X && address - base >= s.p_vaddr &&
        address - base < s.p_vaddr + s.p_filesz) {
      return &s;
    }
  }
  return nullptr;
}

std::uint64_t ElfObject::begin() const {
  std::uint64_t low = ~0ull;
  for (unsigned i = 0; i < segment_count; ++i) {
    if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr < low) low = segments[i].p_vaddr;
  }
  return base + (low & ~4095ull);
}

std::uint64_t ElfObject::end() const {
  std::uint64_t high = 0;
  for (unsigned i = 0; i < segment_count; ++i) {
    const auto end = segments[i].p_vaddr + segments[i].p_memsz;
    if (segments[i].p_type == PT_LOAD && end > high) high = end;
  }
  return base + ((high + 4095) & ~4095ull);
}

bool read_object(std::uint64_t address, ElfObject& object) {
  Elf64_Ehdr header;
  const auto* at = reinterpret_cast<const char*>(address);
  if (!get_user(header, at) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return false;
  if (!copy_segments(object, at + header.e_phoff, header.e_phnum)) return false;
  const auto* dynamic = object.segment(PT_DYNAMIC);
  object.base = address - (object.begin() - object.base);
  object.dynamic = dynamic == nullptr
                       ? nullptr
                       : reinterpret_cast<const Elf64_Dyn*>(object.address_of(dynamic->p_vaddr));
  return true;
}

void find_objects(const Elf64_auxv_t* auxiliary) {
  Elf64_auxv_t own[64] = {};
  if (auxiliary == nullptr) {
    const long fd = raw(__NR_open, "/proc/self/auxv", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    raw(__NR_read, fd, own, sizeof own - sizeof own[0]);
    raw(__NR_close, fd);
    auxiliary = own;
  }
  for (; auxiliary->a_type != AT_NULL; ++auxiliary) {
    const auto value = auxiliary->a_un.a_val;
    if (auxiliary->a_type == AT_PHDR) main_headers = reinterpret_cast<const Elf64_Phdr*>(value);
    if (auxiliary->a_type == AT_PHNUM) main_header_count = static_cast<unsigned>(value);
  }
  std::uint64_t base = 0, dynamic = 0;
  for (unsigned i = 0; i < main_header_count; ++i) {
    const auto& s = main_headers[i];
    if (s.p_type == PT_PHDR) base = reinterpret_cast<std::uint64_t>(main_headers) - s.p_vaddr;
    if (s.p_type == PT_DYNAMIC) dynamic = s.p_vaddr;
  }
  if (dynamic == 0) return;
  debug_info = reinterpret_cast<const DebugInfo*>(
      dynamic_value(reinterpret_cast<const Elf64_Dyn*>(base + dynamic), DT_DEBUG));
}

ObjectWalk::ObjectWalk(Namespaces which)
    : space_(which == Namespaces::all ? debug_info : nullptr),
      map_(debug_info != nullptr ? debug_info->map : nullptr) {}

bool ObjectWalk::next_entry(ElfObject& object) {
  while (map_ == nullptr) {
    const auto* space = static_cast<const DebugInfo*>(space_);
    if (space == nullptr || space->version < 2 || space->next == nullptr) return false;
    space_ = space->next;
    map_ = space->next->map;
  }
  const auto* map = static_cast<const LinkMap*>(map_);
  map_ = map->next;
  object.name = map->name != nullptr ? map->name : "";
  object.base = map->base;
  object.dynamic = map->dynamic;
  object.segment_count = 0;
  return true;
}

bool ObjectWalk::next(ElfObject& object) {
  while (next_entry(object)) {
    const auto* map = static_cast<const LinkMap*>(debug_info->map);
    if (object.dynamic == map->dynamic) {
      if (copy_segments(object, main_headers, main_header_count)) return true;
      continue;
    }
    // Libraries begin with their ELF header, at the address that is zero in the file.
    const auto entry = object;
    if (!read_object(entry.base, object)) continue;
    object.name = entry.name;
    if (object.base == entry.base && object.dynamic == entry.dynamic) return true;
  }
  return false;
}

bool find_object(std::uint64_t address, ElfObject& object) {
  ObjectWalk walk(Namespaces::all);
  while (walk.next(object)) {
    if (object.code_at(address) != nullptr && !is_vdso(object)) return true;
  }
  return false;
}

void* find_function_in(const ElfObject& object, const char* name) {
  const SymbolTable table{
      reinterpret_cast<const Elf64_Sym*>(dynamic_address(object, DT_SYMTAB)),
      reinterpret_cast<const char*>(dynamic_address(object, DT_STRTAB)),
      reinterpret_cast<const std::uint16_t*>(dynamic_address(object, DT_VERSYM))};
  if (table.symbols == nullptr || table.names == nullptr) return nullptr;
  const Elf64_Sym* symbol = nullptr;
  if (const auto gnu = dynamic_address(object, DT_GNU_HASH)) {
    symbol = look_up_gnu(table, reinterpret_cast<const std::uint32_t*>(gnu), name);
  } else if (const auto sysv = dynamic_address(object, DT_HASH)) {
    symbol = look_up_sysv(table, reinterpret_cast<const std::uint32_t*>(sysv), name);
  }
  if (symbol == nullptr) return nullptr;
  void* address = reinterpret_cast<void*>(object.address_of(symbol->st_value));
  if (ELF64_ST_TYPE(symbol->st_info) != STT_GNU_IFUNC) return address;
  return reinterpret_cast<void* (*)()>(address)();
}

void* find_next_function(const char* name) {
  ObjectWalk walk(Namespaces::own);
  ElfObject object;
  bool behind = false;
  while (walk.next_entry(object)) {
    if (object.dynamic == _DYNAMIC) {
      behind = true;
      continue;
    }
    if (!behind || object.dynamic == nullptr || is_vdso(object)) continue;
    if (void* found = find_function_in(object, name)) return found;
  }
  return nullptr;
}

bool find_function(const ElfObject& object, std::uint64_t address, FunctionRange& range) {
  const auto* segment = object.segment(PT_GNU_EH_FRAME);
  if (segment == nullptr) return false;
  const auto table = object.address_of(segment->p_vaddr);
  std::uint8_t head[4];
  if (!get_user(head, reinterpret_cast<const void*>(table))) return false;
  // The form that every linker makes: version 1, a sorted table of data-relative 32-bit values.
  if (head[0] != 1 || head[2] != 0x03 || head[3] != 0x3b) return false;
  Reader r(table + 4);
  r.take_encoded(head[1], table);
  const auto count = r.take<std::uint32_t>();
  struct Entry {
    std::int32_t begin, entry;
  };
  const auto* entries = reinterpret_cast<const Entry*>(r.at());
  const auto wanted = static_cast<std::int64_t>(address - table);
  std::uint32_t low = 0, high = count;  // the last entry that begins at or before the address
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (entries[middle].begin <= wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return false;
  return read_entry(table + static_cast<std::uint64_t>(std::int64_t{entries[low - 1].entry}),
                    address, range);
}

bool find_note(const ElfObject& object, const char* name, std::uint32_t type, ElfNote& note) {
  for (unsigned i = 0; i < object.segment_count; ++i) {
    const auto& s = object.segments[i];
    if (s.p_type != PT_NOTE) continue;
    Reader r(object.address_of(s.p_vaddr));
    const auto end = r.at() + s.p_filesz;
    while (r.at() + 12 <= end) {
      const auto name_bytes = r.take<std::uint32_t>(), bytes = r.take<std::uint32_t>(),
                 found = r.take<std::uint32_t>();
      const auto own_name = r.at();
      const auto contents = own_name + ((name_bytes + 3) & ~3u);
      if (found == type && name_bytes != 0 && contents + bytes <= end &&
          equal(reinterpret_cast<const char*>(own_name), name)) {
        note = {contents, bytes};
        return true;
      }
      r.go(contents + ((bytes + 3) & ~3u));
    }
  }
  return false;
}

std::uint64_t build_id_of(const ElfObject& object) {
  ElfNote note;
  if (!find_note(object, "GNU", NT_GNU_BUILD_ID, note)) return 0;
  std::uint64_t hash = note.bytes;
  Reader r(note.address);
  for (std::uint32_t at = 0; at + 8 <= note.bytes; at += 8) {
    hash = mix64(hash ^ r.take<std::uint64_t>());
  }
  return hash;
}

}  // namespace detsim
