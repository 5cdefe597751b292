// Files of /proc and /sys whose contents the shim writes, and those that are hidden.
//
// Such a file is written, when it is opened, into a memory file which the target gets in its
// place; Inode::generated marks it. It shows itself as the file of /proc that it stands for, and
// is written anew when it is read from its start again. A row per file: procfs.def.
#pragma once
#include "interpose/base/library.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/proc_paths.hpp"

namespace detsim {

/// Text on its way into a file, without a limit to its length.
class ProcText {
 public:
  explicit ProcText(int fd) : fd_(fd) {}
  ~ProcText() { flush(); }
  ProcText(const ProcText&) = delete;
  ProcText& operator=(const ProcText&) = delete;

  template <typename Piece>
  ProcText& operator<<(Piece piece) {
    text_ << piece;
    if (text_.size() > kFull) flush();
    return *this;
  }
  ProcText& operator<<(const char* text) {
    write(text, strlen(text));
    return *this;
  }
  ProcText& hexadecimal(std::uint64_t value, unsigned digits);
  void write(const char* bytes, std::size_t count);

 private:
  static constexpr std::size_t kFull = 1024;
  void flush();
  int fd_;
  Text<2 * kFull + 8> text_;
};

struct ProcFile {
  const char* name;     // behind /proc/, /proc/<pid>/ (and .../task/<tid>/), or /sys/
  ProcPath::Kind kind;  // system, process or sys
  bool writable;
  void (*write)(ProcText& out, const ProcPath& path);
};

/// The row of a path whose kind, process, task and rest are known; nullptr: the kernel's own file.
const ProcFile* find_proc_file(const ProcPath& path);
/// Whether the target must not see it.
bool is_hidden(const ProcPath& path);

/// Opens a file that has a row: a descriptor, or -errno. `real` is what the kernel calls it.
long open_proc_file(const ProcPath& path, const char* real, int flags);
/// Writes the contents of a generated file anew.
void renew_proc_file(int fd, const Inode& inode);
/// What the target writes into a generated file (a name into comm). Returns bytes, or -errno.
long write_proc_file(const Inode& inode, const char* user_text, std::size_t bytes);

/// Reads a file of the kernel line by line, without a limit to its length (a line beyond 4096
/// bytes comes in pieces). The view ends with the file.
class LineReader {
 public:
  explicit LineReader(const char* path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  /// The next line without its end, terminated; nullptr after the last.
  const char* next();

 private:
  long fd_;
  std::size_t begin_ = 0, end_ = 0;
  char buffer_[4096 + 8];
};

/// "/proc/<real pid>/<name>" of a process.
Text<64> real_proc_path(const Process& process, const char* name);
/// Bytes that the target has mapped, as `maps` shows it.
std::uint64_t mapped_bytes(const Process& process);
/// What is resident at most, as getrusage says too.
constexpr std::uint64_t kResidentBytes = 16 << 20;
constexpr std::uint64_t resident_of(std::uint64_t mapped_bytes) {
  return mapped_bytes < kResidentBytes ? mapped_bytes : kResidentBytes;
}
constexpr std::uint64_t kMemoryBytes = 8ull << 30;  // what the modelled machine has

/// The world's release, as uname tells it.
constexpr const char kSystemName[] = "Linux", kNodeName[] = "detsim", kRelease[] = "6.1.0-detsim",
                     kSystemVersion[] = "#1 SMP detsim", kDomainName[] = "(none)";

namespace proc {
#define SYSTEM(name, function) void function(ProcText& out, const ProcPath& path);
#define PROCESS(name, function) void function(ProcText& out, const ProcPath& path);
#define WRITABLE(name, function) void function(ProcText& out, const ProcPath& path);
#define SYS(name, function) void function(ProcText& out, const ProcPath& path);
#define HIDDEN(kind, name)
#include "interpose/calls/procfs.def"
#undef SYSTEM
#undef PROCESS
#undef WRITABLE
#undef SYS
#undef HIDDEN
}  // namespace proc

}  // namespace detsim
