// execve: the new image keeps the preload and the world, whatever environment the caller passes.
//
// The caller's variables stay as they are and where they are, except that LD_PRELOAD gets the
// shim in front; behind them come ours (exec_image.hpp), which the new image takes out again.
// What is padded so is the stack: the new image finds it at the same address whatever the size
// of the environment outside.
#include <asm-generic/errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include <initializer_list>

#include "interpose/base/exec_image.hpp"
#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/exec_judge.hpp"
#include "interpose/calls/futex.hpp"
#include "interpose/calls/image.hpp"
#include "interpose/calls/proc_paths.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/entry/requests.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr int kCheckOnly = 0x10000;  // AT_EXECVE_CHECK

// Where the new environment is put together: private to the shim, unseen by the target's layout.
constexpr std::uint64_t kScratch = kPrivateAddress + (8ull << 30);
constexpr std::uint64_t kScratchBytes = 64 << 20;
constexpr std::size_t kVariablesMax = 1 << 20;  // more than the kernel takes

struct NewImage {
  StackUse use;
  char** variables = reinterpret_cast<char**>(kScratch);
  std::size_t count = 0;
  char* at = reinterpret_cast<char*>(kScratch + kVariablesMax * sizeof(char*));
  char* end = reinterpret_cast<char*>(kScratch + kScratchBytes);
  std::size_t pads = 0;

  /// One variable out of several parts; false when a part cannot be read.
  bool add(std::initializer_list<const char*> parts) {
    char* begin = at;
    for (const char* part : parts) {
      const long length = copy_text_from_user(at, part, static_cast<std::size_t>(end - at));
      if (length < 0) return false;
      at += length;
    }
    use.add_string(static_cast<std::size_t>(at++ - begin));
    variables[count++] = begin;
    return true;
  }
};

/// Length of a text of the target's; -EFAULT when it cannot be read.
long text_length(const char* text) {
  char piece[256];
  for (long length = 0;; length += sizeof piece) {
    const long rest = copy_text_from_user(piece, text + length, sizeof piece);
    if (rest >= 0) return length + rest;
    if (rest == -EFAULT) return rest;
  }
}

/// Calls visit(text) for each entry of a list of the target's; -EFAULT, or what visit returned.
template <typename Visit>
long for_each_text(char** list, Visit visit) {
  for (; list != nullptr; ++list) {
    char* text = nullptr;
    if (!get_user(text, list)) return -EFAULT;
    if (text == nullptr) return 0;
    if (const long error = visit(text)) return error;
  }
  return 0;
}

long add_arguments(NewImage& image, char** arguments) {
  const auto before = image.use.strings;
  const long error = for_each_text(arguments, [&](const char* text) {
    const long length = text_length(text);
    if (length >= 0) image.use.add_string(static_cast<std::size_t>(length));
    return length < 0 ? length : 0;
  });
  // The kernel adds an empty argv[0] where there is none.
  if (error == 0 && image.use.strings == before) image.use.add_string(0);
  return error;
}

/// The library that must come even before the shim: the program's, or the first of the user's own.
void find_runtime(const char* users_list, char* runtime, std::size_t bytes) {
  char first[64];
  copy_text_from_user(first, users_list, sizeof first);
  first[sizeof first - 1] = 0;
  for (char& c : first) {
    if (c == ':' || c == ' ') c = 0;
  }
  if (*runtime == 0 && must_come_first(first)) copy_text(runtime, first, bytes);
}

bool add_preload(NewImage& image, const char* users_list, char* runtime, std::size_t bytes) {
  const char* library = world().config.library;
  if (users_list != nullptr) find_runtime(users_list, runtime, bytes);
  const char* colon = *runtime != 0 ? ":" : "";
  if (users_list == nullptr) return image.add({kPreloadVariable, runtime, colon, library});
  return image.add({kPreloadVariable, runtime, colon, library, ":", users_list});
}

long add_variables(NewImage& image, char** environment, Verdict& verdict, long world_fd) {
  bool has_preload = false;
  const long error = for_each_text(environment, [&](char* text) -> long {
    char head[16] = {};
    if (copy_text_from_user(head, text, sizeof head) == -EFAULT) return -EFAULT;
    if (starts_with(head, kWorldVariable) || starts_with(head, kPadVariable)) return 0;
    if (image.count + kStringsGrain + 8 > kVariablesMax) return -E2BIG;
    if (starts_with(head, kPreloadVariable)) {
      has_preload = true;
      const bool added = add_preload(image, text + sizeof kPreloadVariable - 1, verdict.runtime,
                                     sizeof verdict.runtime);
      return added ? 0 : -E2BIG;
    }
    const long length = text_length(text);
    if (length < 0) return length;
    image.use.add_string(static_cast<std::size_t>(length));
    image.variables[image.count++] = text;
    return 0;
  });
  if (error != 0) return error;
  if (!has_preload) add_preload(image, nullptr, verdict.runtime, sizeof verdict.runtime);
  Text<32> where;
  where << world_fd;
  image.add({kWorldVariable, where.data()});
  return 0;
}

void add_padding(NewImage& image) {
  const auto padding = padding_of(image.use);
  const auto before = image.count;
  for (std::size_t i = 0; i < padding.empty; ++i) image.add({kPadVariable});
  char* begin = image.at;
  memcpy(begin, kPadVariable, sizeof kPadVariable - 1);
  memset(begin + sizeof kPadVariable - 1, 'x', padding.fill);
  begin[sizeof kPadVariable - 1 + padding.fill] = 0;
  image.variables[image.count++] = begin;
  image.pads = image.count - before;
}

long give_up(long error, long world_fd) {
  raw(__NR_close, world_fd);
  current_process().exec_pending = false;
  raw(__NR_prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
  forget_exec_scratch();
  return error;
}

// The kernel's name for the program, which it puts on the new stack too.
std::size_t length_of_name(int directory, const char* path, long length) {
  if (*path == '/' || directory == AT_FDCWD) return static_cast<std::size_t>(length);
  Text<32> prefix;
  prefix << "/dev/fd/" << directory;
  return prefix.size() + (*path != 0 ? 1 + static_cast<std::size_t>(length) : 0);
}

// A path below /proc/<pid>, such as /proc/<pid>/exe. The new image sees the name by which it was
// executed, which must not hold a real pid: "self", or where the path leads.
long name_below_proc(const KernelPath& at, char* path) {
  if (at.proc().process == &current_process()) {
    Text<kPathMax> own;
    own << "/proc/self/" << at.proc().rest;
    copy_text(path, own.data(), kPathMax);
    return static_cast<long>(strlen(path));
  }
  const long fd = raw(__NR_open, at.path(), O_PATH | O_CLOEXEC);
  if (fd < 0) return fd;
  Text<48> link;
  link << "/proc/self/fd/" << fd;
  const long length = raw(__NR_readlink, link.data(), path, kPathMax - 1);
  raw(__NR_close, fd);
  if (length >= 0) path[length] = 0;
  return length;
}

/// The path as the kernel is to be given it. Returns its length.
long find_path(int& directory, const char* user_path, int flags, char* path) {
  const KernelPath at(directory, user_path, (flags & AT_SYMLINK_NOFOLLOW) == 0);
  if (at.error() != 0) return at.error();
  if (at.proc().process == nullptr || at.is_ordinary()) {
    return copy_text_from_user(path, user_path, kPathMax);
  }
  directory = AT_FDCWD;
  return name_below_proc(at, path);
}

long execute(int directory, const char* user_path, char** arguments, char** environment,
             int flags) {
  char path[kPathMax];
  const long length = find_path(directory, user_path, flags, path);
  if (length < 0) return length;
  if ((flags & kCheckOnly) != 0) {
    return raw(__NR_execveat, directory, path, arguments, environment, flags);
  }
  Verdict verdict = judge_image(directory, path, flags);
  if (verdict.refused) return -EACCES;
  const long mapped = raw(__NR_mmap, kScratch, kScratchBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1);
  if (mapped < 0) return -ENOMEM;
  const long world_fd = open_world();
  if (world_fd < 0) {
    forget_exec_scratch();
    return world_fd;
  }
  NewImage image;
  image.use.add_path(length_of_name(directory, path, length));
  long error = add_arguments(image, arguments);
  if (error == 0) error = add_variables(image, environment, verdict, world_fd);
  if (error != 0) return give_up(error, world_fd);
  add_padding(image);
  image.variables[image.count] = nullptr;
  current_process().exec_pending = true;
  // While the lists can still be read. An image that is refused now, after all that was looked at,
  // is one that the kernel has no room for.
  for_each_task(current_process(), [](Task& task) { release_robust_list(task); });
  raw(__NR_prctl, PR_SET_TSC, PR_TSC_ENABLE);  // survives execve, and the loader reads the TSC
  // A set-user-ID file makes the kernel forget ADDR_NO_RANDOMIZE (fs/exec.c, bprm_fill_uid), but
  // not where no rights can be gained.
  if (verdict.asks_for_rights) raw(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  error = raw(__NR_execveat, directory, path, arguments, image.variables, flags);
  if (error == -E2BIG) {  // the padding must not be what was too much
    image.variables[image.count - image.pads] = nullptr;
    error = raw(__NR_execveat, directory, path, arguments, image.variables, flags);
  }
  return give_up(error, world_fd);
}

}  // namespace

void forget_exec_scratch() { raw(__NR_munmap, kScratch, kScratchBytes); }

namespace model {

long execve(const char* path, char** arguments, char** environment) {
  return execute(AT_FDCWD, path, arguments, environment, 0);
}

long execveat(int directory, const char* path, char** arguments, char** environment, int flags) {
  return execute(directory, path, arguments, environment, flags);
}

}  // namespace model
}  // namespace detsim
