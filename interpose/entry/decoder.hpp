// Instruction decoding inside the target, by Zydis.
//
// The shim may link no library that needs libc, and Debian has Zydis as a shared library only. So
// it is loaded privately, on first need, by a loader that does just enough for it: segments,
// relative and symbolic relocations, and the four functions that it imports. It lies at a fixed
// address of the private region, so that no address of the target depends on it.
//
// When there is none, nothing is decoded: who needs certainty about code then leaves it alone.
#pragma once
#include <cstdint>

namespace detsim {

/// How control leaves an instruction.
enum class Flow : std::uint8_t {
  next,      // it goes on behind it, whatever else happens
  call,      // it comes back
  jump,      // to `target`
  branch,    // to `target` or on
  indirect,  // a jump to where nobody knows
  end        // a return, or nothing that goes on
};

enum class Meaning : std::uint8_t {
  other,
  syscall,
  random_number,  // rdrand
  random_seed,    // rdseed
  processor_id,   // rdpid
  landing         // endbr64: an indirect jump may arrive here
};

constexpr unsigned kInstructionBytesMax = 15;

struct Instruction {
  unsigned length = 0;
  Flow flow = Flow::next;
  Meaning meaning = Meaning::other;
  bool is_movable = false;  // does the same at any address, and cannot fault; see displacement_at
  unsigned displacement_at = 0;  // where its four bytes relative to its end lie; 0: it has none
  bool through_pointer = false;  // an indirect jump by way of a fixed word: a call of a function
  std::uint64_t target = 0;      // of jump, branch, call; 0: not known
  unsigned reg = 0;   // the register operand in modrm.rm, for random numbers and processor ids
  unsigned bits = 0;  // its width
};

/// Loads Zydis if it is not yet there; false when there is none. The target's vector registers are
/// clobbered, here and by decode().
bool load_decoder();

bool is_decoder_loaded();

/// Decodes the instruction whose bytes are given, as if it stood at `address`.
bool decode(const unsigned char* bytes, unsigned count, std::uint64_t address,
            Instruction& instruction);

/// A memory operand. Registers are numbered as they are encoded (rax, rcx, rdx, rbx, rsp, ...).
struct MemoryAccess {
  static constexpr int kNone = -1, kNextInstruction = 16;  // in place of a register
  int base = kNone, index = kNone;
  unsigned scale = 0;
  std::int64_t displacement = 0;
  enum Segment : std::uint8_t { flat, fs, gs } segment = flat;
  bool narrow = false;                 // the address has 32 bits
  bool reads = false, writes = false;  // or may do so
  unsigned bytes = 0;
};
constexpr unsigned kAccessesMax = 4;
struct Accesses {
  unsigned length = 0;
  unsigned count = 0;
  MemoryAccess list[kAccessesMax];
};

/// What memory an instruction reads and writes. False when there is more to its effect than
/// registers and this memory (system calls, rdtsc, ...), or when it cannot be told.
bool decode_accesses(const unsigned char* bytes, unsigned count, Accesses& accesses);

/// While it lives, vector registers may be clobbered; for use outside of signal handlers. Not to be
/// nested.
class VectorsKept {
 public:
  VectorsKept();
  ~VectorsKept();
  VectorsKept(const VectorsKept&) = delete;
  VectorsKept& operator=(const VectorsKept&) = delete;
};

}  // namespace detsim
