// Paths below /proc and /sys. The target writes virtual pids and tids in them, the kernel knows
// real ones; and some of what is there is not for the target to see.
//
// Every call that takes a path goes through KernelPath. Nearly all paths lead elsewhere, and are
// handed to the kernel where they lie, after one look at them.
#pragma once
#include <cstddef>
#include <cstdint>

#include "scheduler/world.hpp"

namespace detsim {

struct ProcFile;

/// What a path names.
struct ProcPath {
  enum class Kind : std::uint8_t {
    elsewhere,  // neither below /proc nor one of the places of /sys that matter
    missing,    // names nothing that exists for the target
    link,       // /proc/self or /proc/thread-self itself
    system,     // a file of the machine: `rest` is behind "/proc/"
    processes,  // /proc itself
    process,    // `rest` is behind "/proc/<pid>/"
    tasks,      // /proc/<pid>/task
    task,       // `rest` is behind "/proc/<pid>/task/<tid>/"
    sys,        // `rest` is behind "/sys/"
    device,     // of the rows only: "/dev/"
    kept        // of the rows only: "/var/lib/"
  };
  Kind kind = Kind::elsewhere;
  bool is_thread_self = false;
  std::uint32_t length = 0;
  Process* process = nullptr;
  Task* task = nullptr;
  const char* rest = "";
  const ProcFile* file = nullptr;  // the shim writes its contents
  char text[kPathMax];             // virtual and normalised: "/proc/1000/task/1001/stat"
};

/// What the path names, from a directory as in openat(2). `follow`: a final "self" means the
/// process and not the link. Returns 0, or -EFAULT, -ENAMETOOLONG.
long find_proc_path(int directory, const char* user_path, bool follow, ProcPath& path);
/// What an absolute path names, given as text.
void parse_proc_path(const char* text, bool follow, ProcPath& path);
/// The path of an open file below /proc; kind elsewhere when it is none.
void proc_path_of_descriptor(int fd, ProcPath& path);

/// A path as the kernel is to be given it. It lives for the time of a call, and is large.
class KernelPath {
 public:
  KernelPath(int directory, const char* user_path, bool follow = true);
  KernelPath(const KernelPath&) = delete;
  KernelPath& operator=(const KernelPath&) = delete;
  /// Not 0: the result of the call; the kernel need not be asked.
  long error() const { return error_; }
  int directory() const { return directory_; }
  const char* path() const { return path_; }
  /// Kind elsewhere: an ordinary path.
  const ProcPath& proc() const { return proc_; }
  bool is_ordinary() const { return proc_.kind == ProcPath::Kind::elsewhere; }

 private:
  int directory_;
  const char* path_;
  long error_ = 0;
  ProcPath proc_;
  char real_[kPathMax];
};

/// Puts virtual pids in a path that the kernel gave (readlink, getcwd), in place; `bytes` is the
/// room in `text`. Returns its length.
std::size_t show_path(char* text, std::size_t length, std::size_t bytes);

/// The working directory changed: whether it is below /proc has to be found out anew.
void directory_changed();

}  // namespace detsim
