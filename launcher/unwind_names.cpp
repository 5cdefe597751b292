#include "launcher/unwind_names.hpp"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace detsim {

std::string demangle(const char* name) {
  if (name == nullptr) return "";
  if (name[0] != '_' || name[1] != 'Z') return name;
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  const std::string result = status == 0 && text != nullptr ? text : name;
  std::free(text);
  return result;
}

std::string module_name(Dwfl_Module* module) {
  const char* name =
      dwfl_module_info(module, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  if (name == nullptr) return "";
  // The vDSO's is `[vdso: 1234]`, with the process's id.
  if (std::string_view(name).substr(0, 5) == "[vdso") return "[vdso]";
  return std::filesystem::path(name).filename();
}

namespace {

std::uint64_t module_start(Dwfl_Module* module) {
  Dwarf_Addr start = 0;
  dwfl_module_info(module, nullptr, &start, nullptr, nullptr, nullptr, nullptr, nullptr);
  return start;
}

// libdw finds units by .debug_aranges, which clang does not write: then every unit is asked.
Dwarf_Die* unit_of(Dwfl_Module* module, std::uint64_t address, Dwarf_Addr* bias) {
  if (Dwarf_Die* unit = dwfl_module_addrdie(module, address, bias)) return unit;
  Dwarf_Die* unit = nullptr;
  while ((unit = dwfl_module_nextcu(module, unit, bias)) != nullptr) {
    if (dwarf_haspc(unit, address - *bias) == 1) return unit;
  }
  return nullptr;
}

std::string name_of(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (Dwarf_Attribute* found = dwarf_attr_integrate(die, name, &attribute)) {
      return demangle(dwarf_formstring(found));
    }
  }
  return demangle(dwarf_diename(die));
}

std::string full_path(const char* file, const char* directory) {
  if (file == nullptr) return "";
  std::filesystem::path path = file;
  if (path.is_relative() && directory != nullptr && directory[0] == '/') path = directory / path;
  return path.lexically_normal();
}

struct Line {
  std::string file;
  int number = 0;
};

Line line_of(Dwfl_Module* module, Dwarf_Die* unit, std::uint64_t address, Dwarf_Addr bias) {
  Line line;
  const char* file = nullptr;
  const char* directory = nullptr;
  if (Dwfl_Line* found = dwfl_module_getsrc(module, address)) {
    file = dwfl_lineinfo(found, nullptr, &line.number, nullptr, nullptr, nullptr);
    directory = dwfl_line_comp_dir(found);
  } else if (unit != nullptr) {
    if (Dwarf_Line* raw = dwarf_getsrc_die(unit, address - bias)) {
      file = dwarf_linesrc(raw, nullptr, nullptr);
      dwarf_lineno(raw, &line.number);
      Dwarf_Attribute attribute;
      directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    }
  }
  line.file = full_path(file, directory);
  return line;
}

// Where an inlined call stands in its caller.
Line call_site(Dwarf_Die* unit, Dwarf_Die* inlined) {
  Line line;
  Dwarf_Attribute attribute;
  Dwarf_Word file = 0;
  Dwarf_Word number = 0;
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &number) == 0) {
    line.number = static_cast<int>(number);
  }
  if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) == 0 &&
      dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count) {
    const char* directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    line.file = full_path(dwarf_filesrc(files, file, nullptr, nullptr), directory);
  }
  return line;
}

bool holds_functions(int tag) {
  return tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_structure_type;
}

// Appends the scopes below `parent` that the address lies in, outermost first. libdw's own
// dwarf_getscopes does not look into namespaces, where clang puts their functions.
bool find_scopes(Dwarf_Die* parent, std::uint64_t address, std::vector<Dwarf_Die>& scopes) {
  Dwarf_Die child;
  if (dwarf_child(parent, &child) != 0) return false;
  do {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
        tag == DW_TAG_lexical_block) {
      if (dwarf_haspc(&child, address) != 1) continue;
      scopes.push_back(child);
      find_scopes(&child, address, scopes);
      return true;
    }
    if (holds_functions(tag) && find_scopes(&child, address, scopes)) return true;
  } while (dwarf_siblingof(&child, &child) == 0);
  return false;
}

std::vector<Dwarf_Die> scopes_of(Dwarf_Die* unit, std::uint64_t address) {
  std::vector<Dwarf_Die> scopes;
  if (unit != nullptr) find_scopes(unit, address, scopes);
  std::reverse(scopes.begin(), scopes.end());
  return scopes;
}

}  // namespace

void name_frames(Dwfl* dwfl, std::uint64_t address, std::uint64_t inside,
                 std::vector<StackFrame>& frames) {
  StackFrame frame;
  frame.address = address;
  Dwfl_Module* module = dwfl_addrmodule(dwfl, inside);
  if (module == nullptr) {
    frames.push_back(frame);
    return;
  }
  frame.module = module_name(module);
  frame.offset = address - module_start(module);
  Dwarf_Addr bias = 0;
  Dwarf_Die* unit = unit_of(module, inside, &bias);
  Line line = line_of(module, unit, inside, bias);
  for (auto& die : scopes_of(unit, inside - bias)) {
    const int tag = dwarf_tag(&die);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
    frame.function = name_of(&die);
    frame.file = line.file;
    frame.line = line.number;
    frame.inlined = tag == DW_TAG_inlined_subroutine;
    if (!frame.inlined) break;
    frames.push_back(frame);
    line = call_site(unit, &die);
    frame.function.clear();
  }
  frame.inlined = false;
  frame.file = line.file;
  frame.line = line.number;
  // A C++ function that is local has no full name in its DIE (a lambda is only `operator()`), but
  // its symbol says all. In C the DIE's name is better than the symbol's, one of several aliases.
  GElf_Off offset;
  GElf_Sym symbol;
  const char* mangled =
      dwfl_module_addrinfo(module, inside, &offset, &symbol, nullptr, nullptr, nullptr);
  const bool is_cpp = mangled != nullptr && mangled[0] == '_' && mangled[1] == 'Z';
  if (frame.function.empty() || is_cpp) frame.function = demangle(mangled);
  frames.push_back(std::move(frame));
}

namespace {

bool symbol_in(Dwfl_Module* module, std::uint64_t address, SymbolPlace& place) {
  GElf_Off offset = 0;
  GElf_Sym symbol;
  const char* name =
      dwfl_module_addrinfo(module, address, &offset, &symbol, nullptr, nullptr, nullptr);
  // A symbol without size covers nothing: the nearest one is a guess.
  if (name == nullptr || offset >= symbol.st_size) return false;
  place.symbol = demangle(name);
  place.offset = offset;
  return true;
}

struct Search {
  std::uint64_t address;
  Dwfl_Module* nearest = nullptr;  // that starts below the address
};

int search_module(Dwfl_Module* module, void**, const char*, Dwarf_Addr start, void* argument) {
  auto& search = *static_cast<Search*>(argument);
  if (start <= search.address) search.nearest = module;  // they come in order of address
  return DWARF_CB_OK;
}

}  // namespace

bool name_place(Dwfl* dwfl, std::uint64_t address, SymbolPlace& place) {
  if (Dwfl_Module* module = dwfl_addrmodule(dwfl, address)) {
    // Shared anonymous memory and mapped data files are modules to libdwfl.
    GElf_Addr bias = 0;
    if (dwfl_module_getelf(module, &bias) == nullptr) return false;
    place.module = module_name(module);
    if (!symbol_in(module, address, place)) place.offset = address - module_start(module);
    return true;
  }
  // Zeroed data (.bss) lies behind what is mapped from the file, outside of any module's range,
  // but within reach of its symbols.
  Search search{address};
  dwfl_getmodules(dwfl, search_module, &search, 0);
  if (search.nearest == nullptr || !symbol_in(search.nearest, address, place)) return false;
  place.module = module_name(search.nearest);
  return true;
}

}  // namespace detsim
