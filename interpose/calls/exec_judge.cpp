#include "interpose/calls/exec_judge.hpp"

#include <asm-generic/errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/stat.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/entry/requests.hpp"

namespace detsim {
namespace {

constexpr int kScriptDepthMax = 5;  // as Linux (fs/exec.c)

struct File {
  long fd = -1;
  struct stat status = {};

  // O_NONBLOCK: a FIFO must not hold us up; the kernel says EACCES of it.
  void open(int directory, const char* path, int flags) {
    if (*path == 0 && (flags & AT_EMPTY_PATH) != 0) {
      Text<32> link;
      link << "/proc/self/fd/" << directory;
      fd = raw(__NR_open, link.data(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    } else {
      const int follow = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0;
      fd = raw(__NR_openat, directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | follow);
    }
    if (fd >= 0 && raw(__NR_fstat, fd, &status) != 0) close();
  }
  void close() {
    if (fd >= 0) raw(__NR_close, fd);
    fd = -1;
  }
  bool is_program() const {
    return fd >= 0 && S_ISREG(status.st_mode) &&
           raw(__NR_faccessat2, fd, "", 1 /* X_OK */, AT_EMPTY_PATH | AT_EACCESS) == 0;
  }
};

// A program that gains rights is loaded without LD_PRELOAD (ld.so(8), "secure-execution mode").
const char* rights_gained(const File& file) {
  const auto uid = static_cast<std::uint32_t>(raw(__NR_geteuid));
  const auto gid = static_cast<std::uint32_t>(raw(__NR_getegid));
  const auto mode = file.status.st_mode;
  if ((mode & S_ISUID) != 0 && file.status.st_uid != uid) return "set-user-ID";
  const bool runs_as_group = (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
  if (runs_as_group && file.status.st_gid != gid) return "set-group-ID";
  const bool has_capabilities =
      raw(__NR_fgetxattr, file.fd, "security.capability", nullptr, 0) > 0 && uid != 0;
  return has_capabilities ? "given file capabilities" : nullptr;
}

bool differs_from_real_user() {
  return raw(__NR_getuid) != raw(__NR_geteuid) || raw(__NR_getgid) != raw(__NR_getegid);
}

void refuse(Verdict& verdict, const char* path, const char* words) {
  Text<480> text;
  text << '\'' << path << "' " << words;
  tell_user(text.data());
  verdict.refused = true;
}

bool is_launcher(const File& file) {
  Text<48> link;
  link << "/proc/" << world().config.launcher_pid << "/exe";
  struct stat launcher;
  return raw(__NR_stat, link.data(), &launcher) == 0 && launcher.st_ino == file.status.st_ino &&
         launcher.st_dev == file.status.st_dev;
}

void judge_program(Verdict& verdict, const char* path, const File& file, const Inspection& found) {
  const char* words = words_against(found.kind);
  if (found.kind == ProgramKind::no_program) words = nullptr;  // nor does the kernel run it
  if (words != nullptr && is_launcher(file))
    words = "was not executed: detsim cannot run inside itself";
  if (words != nullptr) return refuse(verdict, path, words);
  if (found.kind != ProgramKind::ready) return;  // the kernel's ENOEXEC
  if (const char* rights = rights_gained(file)) {
    Text<128> text;
    text << "is " << rights << ", and such a program cannot be preloaded; it was not executed";
    return refuse(verdict, path, text.data());
  }
  if (differs_from_real_user()) {
    return refuse(verdict, path,
                  "was not executed: real and effective user or group differ, and so the loader "
                  "would ignore what is preloaded");
  }
  // As the real user, so that capabilities that execve takes away do not count.
  if (raw(__NR_access, world().config.library, 4 /* R_OK */) != 0) {
    Text<192> text;
    text << "was not executed: its user or its root directory keeps it from reading "
         << world().config.library;
    return refuse(verdict, path, text.data());
  }
  verdict.asks_for_rights = (file.status.st_mode & (S_ISUID | S_ISGID)) != 0;
  memcpy(verdict.runtime, found.runtime, sizeof verdict.runtime);
}

}  // namespace

Verdict judge_image(int directory, const char* path, int flags) {
  Verdict verdict;
  Inspection found;
  char name[sizeof found.interpreter];
  for (int depth = 0; depth <= kScriptDepthMax; ++depth) {
    File file;
    file.open(directory, path, flags);
    if (!file.is_program()) {
      file.close();
      return verdict;
    }
    const auto read_at = [&file](void* to, std::size_t bytes, std::uint64_t offset) {
      return raw(__NR_pread64, file.fd, to, bytes, offset);
    };
    inspect(read_at, found);
    if (found.kind != ProgramKind::script) {
      const char* shown = *path != 0 ? path : "the program behind a descriptor";
      judge_program(verdict, shown, file, found);
      file.close();
      return verdict;
    }
    file.close();
    copy_text(name, found.interpreter, sizeof name);
    path = name;
    directory = AT_FDCWD;
    flags = 0;
  }
  return verdict;
}

}  // namespace detsim
