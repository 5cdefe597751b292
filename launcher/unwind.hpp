// Stacks of tasks in another process, with function, file and line.
//
// A task that does not run exists only as saved registers and memory: there is no kernel thread
// to attach to. libdwfl unwinds it all the same, because it asks its caller for registers and
// memory (Dwfl_Thread_Callbacks); every task is presented to it as one thread of its own.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "interpose/entry/frame.hpp"

namespace detsim {

/// The integer registers in DWARF's numbering (System V ABI, AMD64 supplement, figure 3.36).
struct Registers {
  std::uint64_t rax = 0, rdx = 0, rcx = 0, rbx = 0, rsi = 0, rdi = 0, rbp = 0, rsp = 0;
  std::uint64_t r8 = 0, r9 = 0, r10 = 0, r11 = 0, r12 = 0, r13 = 0, r14 = 0, r15 = 0;
  std::uint64_t rip = 0;
};
static_assert(sizeof(Registers) == 17 * 8);

Registers registers_of(const Frame& frame);

/// Copies memory of another process. False when any of it cannot be read.
bool read_memory(pid_t pid, std::uint64_t address, void* to, std::size_t bytes);

struct StackFrame {
  std::uint64_t address = 0;  // where it goes on; frames inlined into one share it
  std::string function;       // demangled; empty when there is no symbol
  std::string module;         // the file's last component, `libc.so.6`; empty outside of all
  std::uint64_t offset = 0;   // of the address in that module
  std::string file;           // empty without debug information
  int line = 0;
  bool inlined = false;  // into the frame that follows
};

/// What stands at an address of data.
struct SymbolPlace {
  std::string module;
  std::string symbol;        // demangled; empty when no symbol covers the address
  std::uint64_t offset = 0;  // from the symbol, or from the start of the module
};

class Unwinder {
 public:
  /// Reads the process's list of modules; debug information is read when it is asked for.
  /// nullptr: `error` says why it cannot be looked at.
  static std::unique_ptr<Unwinder> open(pid_t pid, std::string& error);
  ~Unwinder();
  Unwinder(const Unwinder&) = delete;
  Unwinder& operator=(const Unwinder&) = delete;

  /// The stack from innermost to outermost, without frames that lie in the shim. Shorter than it
  /// really is, possibly empty, where the memory or the unwind tables give no more.
  std::vector<StackFrame> stack(const Registers& registers, std::size_t frames_max = 64);

  /// Whether an object file of the process covers the address, and what it has there.
  bool place(std::uint64_t address, SymbolPlace& place);

  struct State;  // libdwfl's side

 private:
  explicit Unwinder(std::unique_ptr<State> state);
  static std::vector<std::unique_ptr<State>>& idle();
  static std::unique_ptr<State> state_for(pid_t pid);
  std::unique_ptr<State> state_;
};

}  // namespace detsim
