#include "launcher/target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "launcher/run.hpp"

namespace detsim {
namespace {

constexpr int kScriptDepthMax = 5;  // as Linux (fs/exec.c)

void refuse(Target& target, int code, std::string problem) {
  target.refused = code;
  target.problem = std::move(problem);
}

// What execve would say of the file itself; 0: nothing.
int reason_against(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return EACCES;
  return access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

// As execvp: the first file in PATH that can be executed; one that may not be is remembered.
int search(const std::string& name, const std::string& search_path, std::string& found) {
  int reason = ENOENT;
  for (std::size_t begin = 0; begin <= search_path.size();) {
    const auto end = std::min(search_path.find(':', begin), search_path.size());
    const auto directory = search_path.substr(begin, end - begin);
    const auto path = directory.empty() ? name : directory + "/" + name;
    begin = end + 1;
    const int here = reason_against(path);
    if (here == 0) {
      found = path;
      return 0;
    }
    if (here == EACCES) reason = EACCES;
  }
  return reason;
}

void find_file(Target& target, const std::string& name, const std::string& search_path) {
  int reason = 0;
  if (name.find('/') == name.npos) {
    reason = name.empty() ? ENOENT : search(name, search_path, target.path);
  } else {
    target.path = name;
    reason = reason_against(name);
  }
  if (reason == 0) return;
  if (reason == ENOENT || reason == ENOTDIR) {
    refuse(target, kExitNotFound, fmt::format("there is no program '{}'", name));
    return;
  }
  struct stat status {};
  const bool is_directory = stat(name.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  refuse(target, kExitNotExecutable,
         fmt::format("'{}' cannot be executed: {}", name,
                     is_directory ? "it is a directory" : std::strerror(reason)));
}

// A program that gains rights is loaded without LD_PRELOAD (ld.so(8), "secure-execution mode").
std::string rights_gained(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return "";
  if ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid()) return "set-user-ID";
  const bool runs_as_group = (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
  if (runs_as_group && status.st_gid != getegid()) return "set-group-ID";
  const bool has_capabilities =
      getxattr(path.c_str(), "security.capability", nullptr, 0) > 0 && geteuid() != 0;
  return has_capabilities ? "given file capabilities" : "";
}

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_AARCH64: return "AArch64";
    case EM_ARM: return "ARM";
    case EM_RISCV: return "RISC-V";
    case EM_PPC64: return "PowerPC";
    case EM_S390: return "S/390";
    default: return fmt::format("another machine (ELF number {})", machine);
  }
}

std::string problem_with(const std::string& path, const Inspection& found) {
  if (found.kind == ProgramKind::foreign) {
    return fmt::format("'{}' is a program for {}; build it for x86-64", path,
                       machine_name(found.machine));
  }
  if (found.kind == ProgramKind::other_loader) {
    return fmt::format("'{}' is loaded by {}; detsim needs a program of the GNU C library", path,
                       found.interpreter);
  }
  std::error_code error;
  if (std::filesystem::equivalent(path, "/proc/self/exe", error)) {
    return "this is already a run of detsim: it cannot run inside itself";
  }
  const char* words = words_against(found.kind);
  return words == nullptr ? "" : fmt::format("'{}' {}", path, words);
}

// Judges the file, and the interpreters that a script leads to.
void judge(Target& target) {
  auto path = target.path;
  for (int depth = 0; depth <= kScriptDepthMax; ++depth) {
    const auto found = inspect_file(path);
    target.runtime = found.runtime;
    if (found.kind == ProgramKind::unknown && depth == 0) {
      // As execvp: what the kernel does not know is a script for the shell.
      target.arguments.insert(target.arguments.begin() + 1, target.path);
      target.arguments[0] = target.path = path = "/bin/sh";
      continue;
    }
    if (found.kind == ProgramKind::script) {
      const std::string interpreter = found.interpreter;
      const int reason = reason_against(interpreter);
      if (reason != 0) {
        const bool missing = reason == ENOENT || reason == ENOTDIR;
        refuse(target, missing ? kExitNotFound : kExitNotExecutable,
               fmt::format("'{}' asks for the interpreter '{}': {}", path, interpreter,
                           std::strerror(reason)));
        return;
      }
      path = interpreter;
      continue;
    }
    auto problem = problem_with(path, found);
    const auto rights = rights_gained(path);
    if (problem.empty() && !rights.empty()) {
      problem = fmt::format(
          "'{}' is {}, and such a program cannot be preloaded; run it as the "
          "user it changes to, or run a copy of it",
          path, rights);
    }
    if (!problem.empty()) refuse(target, kExitFailed, problem);
    return;
  }
  refuse(target, kExitNotExecutable,
         fmt::format("'{}': too many interpreters of interpreters", target.path));
}

}  // namespace

Target find_target(const std::vector<std::string>& command, const std::string& search_path) {
  Target target;
  target.arguments = command;
  find_file(target, command.front(), search_path);
  if (target.refused == 0) judge(target);
  return target;
}

Inspection inspect_file(const std::string& path) {
  Inspection found;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    found.kind = ProgramKind::unreadable;
    return found;
  }
  inspect([fd](void* to, std::size_t bytes,
               std::uint64_t offset) { return pread(fd, to, bytes, static_cast<off_t>(offset)); },
          found);
  close(fd);
  return found;
}

}  // namespace detsim
