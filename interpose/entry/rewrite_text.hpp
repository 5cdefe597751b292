// The target's code as a text that the shim changes: what was there, what stands there now, and the
// writing itself.
//
// Every change is remembered with the original bytes, so that code is always judged as it was
// compiled, whatever was changed in it before. A change counts only while its bytes are still
// there: the library may have been unloaded and another one loaded in its place.
//
// The records are private to the process: fork copies them with the code they describe, and a
// child that shares memory shares both.
#pragma once
#include <cstdint>

namespace detsim {

constexpr unsigned kChangeBytesMax = 24;
constexpr unsigned kChangesMax = 4096;

struct Change {
  std::uint64_t address = 0;
  std::uint64_t stub = 0;  // of a rewritten system call: where its tail is; else 0
  std::uint8_t length = 0;
  unsigned char before[kChangeBytesMax] = {};
  unsigned char after[kChangeBytesMax] = {};
};

/// Writes where the target may read and execute but not write.
class CodeWriter {
 public:
  CodeWriter();
  ~CodeWriter();
  CodeWriter(const CodeWriter&) = delete;
  CodeWriter& operator=(const CodeWriter&) = delete;
  bool write(std::uint64_t at, const unsigned char* bytes, std::uint64_t count) const;

 private:
  long memory_;  // /proc/self/mem; negative: by changing protections
};

/// Changes `length` bytes of code. False when it cannot be done (the records are full, the mapping
/// is shared or not code, or the kernel refuses): nothing has changed then.
bool change_text(const CodeWriter& writer, const Change& change);

/// How often this process has written code; a copy counts on.
std::uint64_t code_writes();

/// The change that begins at an address, if it is still in place.
const Change* find_change(std::uint64_t address);

/// Copies code as it was compiled; false when it cannot be read.
bool read_original(std::uint64_t address, unsigned char* bytes, std::uint64_t count);

/// A function's original code, one instruction after the other. The bytes are in one buffer of the
/// process: only one sweep at a time.
struct Instruction;
class Sweep {
 public:
  Sweep(std::uint64_t begin, std::uint64_t end);
  /// False at the end and where nothing could be decoded; then at() tells which.
  bool next(Instruction& instruction);
  std::uint64_t at() const { return at_; }
  bool is_finished() const { return at_ == end_ && readable_; }

 private:
  std::uint64_t begin_, end_, at_;
  bool readable_;
};

/// The largest function that is looked at.
constexpr std::uint64_t kFunctionBytesMax = 256 << 10;

}  // namespace detsim
