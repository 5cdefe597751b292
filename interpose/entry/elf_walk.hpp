// The loaded ELF objects, found without libc: from the program headers of the main program
// (AT_PHDR) to its DT_DEBUG, the loader's r_debug and its chain of link maps.
//
// Nothing is remembered but where the chain begins, since dlopen and dlclose change it. An entry
// of the chain may already be unmapped (dlclose unmaps first and unlinks later), so its headers
// are copied with fault protection, and are trusted only when they look like ELF.
#pragma once
#include <elf.h>

#include <cstdint>

namespace detsim {

constexpr unsigned kSegmentsMax = 24;

struct ElfObject {
  const char* name = "";   // as in the link map; empty for the main program
  std::uint64_t base = 0;  // what is added to an address in the file
  const Elf64_Dyn* dynamic = nullptr;
  unsigned segment_count = 0;
  Elf64_Phdr segments[kSegmentsMax];

  std::uint64_t address_of(std::uint64_t value) const { return base + value; }
  /// The executable, not writable PT_LOAD around an address; nullptr: it is not this object's code.
  const Elf64_Phdr* code_at(std::uint64_t address) const;
  const Elf64_Phdr* segment(std::uint32_t type) const;
  /// Begin of the lowest and end of the highest PT_LOAD.
  std::uint64_t begin() const;
  std::uint64_t end() const;
};

/// Finds the chain. `auxiliary` may be nullptr: then it is read from /proc/self/auxv. Once per
/// image, before anything else here.
void find_objects(const Elf64_auxv_t* auxiliary);

/// Reads the headers of the object that begins at `address` (its first byte is the ELF magic).
bool read_object(std::uint64_t address, ElfObject& object);

enum class Namespaces : bool { own, all };

/// A position in the chain. Other namespaces (dlmopen) come after our own.
class ObjectWalk {
 public:
  explicit ObjectWalk(Namespaces which);
  /// The next object that could be read; false at the end.
  bool next(ElfObject& object);
  /// As next(), without the segments: only name, base and dynamic section.
  bool next_entry(ElfObject& object);

 private:
  const void* space_;  // nullptr: the last one
  const void* map_;
};

/// The loaded object whose code is around an address.
bool find_object(std::uint64_t address, ElfObject& object);

/// The next definition of a function behind this library in the order of the link map (the rule
/// of RTLD_NEXT), in its default version; indirect functions are resolved. nullptr: none.
void* find_next_function(const char* name);

/// A function that one object defines, by its base and dynamic section; nullptr: none.
void* find_function_in(const ElfObject& object, const char* name);

struct FunctionRange {
  std::uint64_t begin = 0, end = 0;
  bool has_landing_pads = false;  // a language-specific data area: exceptions may land inside
};

/// The function around a code address, by the object's unwinding tables; false: none is known.
bool find_function(const ElfObject& object, std::uint64_t address, FunctionRange& range);

struct ElfNote {
  std::uint64_t address = 0;  // of its contents
  std::uint32_t bytes = 0;
};

/// A note (PT_NOTE) of this owner's name and type; false: the object has none.
bool find_note(const ElfObject& object, const char* name, std::uint32_t type, ElfNote& note);

/// The build id (a hash over the contents) folded into 64 bits; 0: there is none.
std::uint64_t build_id_of(const ElfObject& object);

}  // namespace detsim
