// From addresses to names: functions, files and lines, with the calls that the compiler inlined.
#pragma once
#include <elfutils/libdwfl.h>

#include "launcher/unwind.hpp"

namespace detsim {

/// A C++ name as its author wrote it; anything else unchanged.
std::string demangle(const char* name);

/// The last component of the module's file name.
std::string module_name(Dwfl_Module* module);

/// Appends the frames at one address, innermost first: those of inlined calls, and the function
/// itself. `inside` is an address within the instruction that is being executed.
void name_frames(Dwfl* dwfl, std::uint64_t address, std::uint64_t inside,
                 std::vector<StackFrame>& frames);

/// See Unwinder::place.
bool name_place(Dwfl* dwfl, std::uint64_t address, SymbolPlace& place);

}  // namespace detsim
