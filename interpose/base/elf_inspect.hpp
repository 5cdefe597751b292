// What a file is, judged before it is executed: can the shim be preloaded into it? Shared by the
// launcher and the shim's execve: freestanding, without allocation, and never trusting the file.
//
// The file is read through a callable `long read_at(void* to, std::size_t bytes,
// std::uint64_t offset)` that behaves as pread(2) does: the number of bytes, less at the end of
// the file, negative on an error.
#pragma once
#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "interpose/base/exec_image.hpp"

namespace detsim {

enum class ProgramKind : std::uint8_t {
  ready,       // a dynamically linked x86-64 program of glibc's: the shim can be preloaded
  script,      // `interpreter` and `argument` as after "#!"
  unknown,     // neither: execve answers ENOEXEC
  unreadable,  // read_at failed
  damaged,     // an ELF file that makes no sense
  no_program,  // an ELF file of another type: an object file, a core
  bits_32,     // i386, or x32
  foreign,     // for another machine: `machine` is EM_...
  statically_linked,
  other_loader  // `interpreter` is not glibc's ld.so
};

struct Inspection {
  ProgramKind kind = ProgramKind::unknown;
  std::uint16_t machine = 0;
  char interpreter[256] = {};  // of a script; or the loader that an ELF file asks for
  char argument[256] = {};     // of a script; empty: none
  char runtime[64] = {};       // the library that must come before the shim; empty: none
};

/// What speaks against it, to stand behind its quoted path; nullptr: nothing that detsim must say.
constexpr const char* words_against(ProgramKind kind) {
  switch (kind) {
    case ProgramKind::statically_linked:
      return "is statically linked; detsim is preloaded, so link it dynamically (without -static; "
             "Go: with -ldflags '-linkmode external')";
    case ProgramKind::bits_32: return "is a 32-bit program; build it for x86-64 (-m64)";
    case ProgramKind::foreign: return "is a program for another machine; build it for x86-64";
    case ProgramKind::other_loader:
      return "does not use the GNU C library's loader; detsim needs a program that does";
    case ProgramKind::no_program: return "is an object file and no program; link it";
    case ProgramKind::damaged: return "is a damaged ELF file";
    case ProgramKind::unreadable: return "cannot be read, so detsim cannot tell what it is";
    default: return nullptr;
  }
}

namespace elf_inspect {

constexpr bool begins_with(const char* text, const char* prefix) {
  while (*prefix != 0) {
    if (*text++ != *prefix++) return false;
  }
  return true;
}

constexpr const char* base_name(const char* path) {
  const char* base = path;
  for (; *path != 0; ++path) {
    if (*path == '/') base = path + 1;
  }
  return base;
}

constexpr void copy(char* to, std::size_t room, const char* from, std::size_t length) {
  const std::size_t count = length < room - 1 ? length : room - 1;
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
  to[count] = 0;
}

/// As load_script() of Linux reads the line (fs/binfmt_script.c): 256 bytes of it, one argument.
constexpr void read_script(const char* line, std::size_t bytes, Inspection& found) {
  std::size_t end = 2;
  while (end < bytes && line[end] != '\n' && line[end] != 0) ++end;
  const bool whole_line = end < bytes || bytes < 256;
  while (end > 2 && (line[end - 1] == ' ' || line[end - 1] == '\t')) --end;
  std::size_t at = 2;
  while (at < end && (line[at] == ' ' || line[at] == '\t')) ++at;
  const std::size_t name = at;
  while (at < end && line[at] != ' ' && line[at] != '\t') ++at;
  if (at == name || (at == end && !whole_line)) return;  // ENOEXEC
  copy(found.interpreter, sizeof found.interpreter, line + name, at - name);
  while (at < end && (line[at] == ' ' || line[at] == '\t')) ++at;
  copy(found.argument, sizeof found.argument, line + at, end - at);
  found.kind = ProgramKind::script;
}

template <typename ReadAt>
class ElfFile {
 public:
  ElfFile(ReadAt& read_at, const Elf64_Ehdr& header) : read_at_(read_at), header_(header) {}

  ProgramKind judge(Inspection& found) {
    if (header_.e_phentsize != sizeof(Elf64_Phdr)) return ProgramKind::damaged;
    Elf64_Phdr interpreter, dynamic;
    const bool has_interpreter = find_segment(PT_INTERP, interpreter);
    const bool has_dynamic = find_segment(PT_DYNAMIC, dynamic);
    if (failed_) return ProgramKind::damaged;
    if (has_dynamic) read_dynamic(dynamic, found);
    // The loader itself, given a program as its argument, preloads as usual.
    if (!has_interpreter) {
      return is_loader_ ? ProgramKind::ready : ProgramKind::statically_linked;
    }
    read_text(interpreter.p_offset, found.interpreter, sizeof found.interpreter);
    if (failed_) return ProgramKind::damaged;
    return begins_with(base_name(found.interpreter), "ld-linux-x86-64.so")
               ? ProgramKind::ready
               : ProgramKind::other_loader;
  }

 private:
  // Tables are read entry by entry; the file, a window at a time.
  bool read(void* to, std::size_t bytes, std::uint64_t offset) {
    if (offset < window_begin_ || offset + bytes > window_begin_ + window_bytes_) {
      const long count = read_at_(window_, sizeof window_, offset);
      window_begin_ = offset;
      window_bytes_ = count < 0 ? 0 : static_cast<std::uint64_t>(count);
    }
    if (offset + bytes > window_begin_ + window_bytes_) {
      failed_ = true;
    } else {
      __builtin_memcpy(to, window_ + (offset - window_begin_), bytes);
    }
    return !failed_;
  }

  // A terminated text, cut off at `room`; near the end of the file less can be read.
  void read_text(std::uint64_t offset, char* to, std::size_t room) {
    const long count = read_at_(to, room - 1, offset);
    if (count < 0) failed_ = true;
    to[count < 0 ? 0 : count] = 0;
  }

  template <typename Wanted>
  bool find_header(Elf64_Phdr& segment, Wanted wanted) {
    for (unsigned i = 0; i < header_.e_phnum; ++i) {
      if (!read(&segment, sizeof segment, header_.e_phoff + i * sizeof segment)) return false;
      if (wanted(segment)) return true;
    }
    return false;
  }

  bool find_segment(std::uint32_t type, Elf64_Phdr& segment) {
    return find_header(segment, [type](const Elf64_Phdr& s) { return s.p_type == type; });
  }

  bool offset_of(std::uint64_t address, std::uint64_t& offset) {
    Elf64_Phdr segment;
    if (!find_header(segment, [address](const Elf64_Phdr& s) {
          return s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz;
        })) {
      return false;
    }
    offset = segment.p_offset + (address - segment.p_vaddr);
    return true;
  }

  void read_dynamic(const Elf64_Phdr& dynamic, Inspection& found) {
    std::uint64_t table = 0, strings = 0;
    if (!find_dynamic(dynamic, DT_STRTAB, table) || !offset_of(table, strings)) return;
    char name[sizeof found.runtime];
    std::uint64_t own_name = 0;
    if (find_dynamic(dynamic, DT_SONAME, own_name)) {
      read_text(strings + own_name, name, sizeof name);
      is_loader_ = begins_with(name, "ld-linux-x86-64.so");
    }
    visit_dynamic(dynamic, [&](const Elf64_Dyn& entry) {
      if (entry.d_tag != DT_NEEDED) return false;
      read_text(strings + entry.d_un.d_val, name, sizeof name);
      if (!must_come_first(name)) return false;
      copy(found.runtime, sizeof found.runtime, name, sizeof name - 1);
      return true;
    });
  }

  bool find_dynamic(const Elf64_Phdr& dynamic, std::int64_t tag, std::uint64_t& value) {
    return visit_dynamic(dynamic, [&](const Elf64_Dyn& entry) {
      if (entry.d_tag != tag) return false;
      value = entry.d_un.d_val;
      return true;
    });
  }

  // Calls `visit` until it answers true.
  template <typename Visit>
  bool visit_dynamic(const Elf64_Phdr& dynamic, Visit visit) {
    Elf64_Dyn entry;
    for (std::uint64_t at = 0; at + sizeof entry <= dynamic.p_filesz; at += sizeof entry) {
      if (!read(&entry, sizeof entry, dynamic.p_offset + at) || entry.d_tag == DT_NULL) break;
      if (visit(entry)) return true;
    }
    return false;
  }

  ReadAt& read_at_;
  const Elf64_Ehdr& header_;
  char window_[1024];
  std::uint64_t window_begin_ = 0, window_bytes_ = 0;
  bool failed_ = false;
  bool is_loader_ = false;
};

}  // namespace elf_inspect

template <typename ReadAt>
void inspect(ReadAt&& read_at, Inspection& found) {
  found = Inspection{};
  union {
    char text[256];
    Elf64_Ehdr elf;
  } start = {};
  const long bytes = read_at(start.text, sizeof start.text, 0);
  if (bytes < 0) {
    found.kind = ProgramKind::unreadable;
    return;
  }
  if (bytes >= 2 && start.text[0] == '#' && start.text[1] == '!') {
    elf_inspect::read_script(start.text, static_cast<std::size_t>(bytes), found);
    return;
  }
  if (bytes < SELFMAG || !elf_inspect::begins_with(start.text, ELFMAG)) return;
  const Elf64_Ehdr& header = start.elf;
  found.machine = header.e_machine;  // at the same place in 32-bit files
  const bool is_64 = header.e_ident[EI_CLASS] == ELFCLASS64;
  if (bytes < static_cast<long>(is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)) ||
      header.e_ident[EI_CLASS] == ELFCLASSNONE) {
    found.kind = ProgramKind::damaged;
  } else if (header.e_ident[EI_DATA] != ELFDATA2LSB ||
             (header.e_machine != EM_X86_64 && header.e_machine != EM_386)) {
    found.kind = ProgramKind::foreign;
  } else if (!is_64 || header.e_machine == EM_386) {
    found.kind = ProgramKind::bits_32;
  } else if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
    found.kind = ProgramKind::no_program;
  } else {
    found.kind =
        elf_inspect::ElfFile<std::remove_reference_t<ReadAt>>(read_at, header).judge(found);
  }
}

}  // namespace detsim
