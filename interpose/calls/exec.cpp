// execve: the new image keeps the preload and the world, whatever environment the caller passes.
#include <asm-generic/errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include <initializer_list>

#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/image.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

// Where the new environment is put together: private to the shim, unseen by the target's layout.
constexpr std::uint64_t kScratch = kPrivateAddress + (8ull << 30);
constexpr std::uint64_t kScratchBytes = 64 << 20;

struct Scratch {
  char* at;
  char* end;

  char* text(const char* prefix, const char* value) {
    char* begin = at;
    for (const char* part : {prefix, value}) {
      while (*part != 0 && at + 1 < end) *at++ = *part++;
    }
    *at++ = 0;
    return begin;
  }
};

bool is_ours(const char* variable) {
  return starts_with(variable, "DETSIM_WORLD=") || starts_with(variable, "DETSIM_PAD=");
}

// The caller's variables as they are, then ours. nullptr when they do not fit or cannot be read.
char** new_environment(char** environment, Scratch& scratch) {
  const auto& config = world().config;
  char** result = reinterpret_cast<char**>(scratch.at);
  std::size_t count = 0;
  scratch.at += 1 << 20;
  const char* preload = "";
  for (; environment != nullptr && count < (1 << 17) - 8; ++environment) {
    char* variable = nullptr;
    if (!get_user(variable, environment)) return nullptr;
    if (variable == nullptr) break;
    char head[16] = {};
    const long length = copy_text_from_user(head, variable, sizeof head);
    if (length == -EFAULT) return nullptr;
    if (is_ours(head)) continue;
    if (starts_with(head, "LD_PRELOAD=")) {
      preload = variable + strlen("LD_PRELOAD=");
      continue;
    }
    result[count++] = variable;
  }
  result[count++] = scratch.text("LD_PRELOAD=", config.library);
  if (*preload != 0) {
    scratch.at[-1] = ':';
    scratch.text("", preload);
  }
  Text<64> where;
  where << config.launcher_pid << ':' << config.world_fd;
  result[count++] = scratch.text("DETSIM_WORLD=", where.data());
  result[count] = nullptr;
  return result;
}

long give_up(long error) {
  current_process().exec_pending = false;
  raw(__NR_prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
  raw(__NR_munmap, kScratch, kScratchBytes);
  return error;
}

long execute(int directory, const char* path, char** arguments, char** environment, int flags) {
  const long mapped = raw(__NR_mmap, kScratch, kScratchBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1);
  if (mapped < 0) return -ENOMEM;
  Scratch scratch{reinterpret_cast<char*>(kScratch),
                  reinterpret_cast<char*>(kScratch + kScratchBytes)};
  char** variables = new_environment(environment, scratch);
  if (variables == nullptr) return give_up(-EFAULT);
  current_process().exec_pending = true;
  raw(__NR_prctl, PR_SET_TSC, PR_TSC_ENABLE);  // survives execve, and the loader reads the TSC
  return give_up(raw(__NR_execveat, directory, path, arguments, variables, flags));
}

}  // namespace

namespace model {

long execve(const char* path, char** arguments, char** environment) {
  return execute(AT_FDCWD, path, arguments, environment, 0);
}

long execveat(int directory, const char* path, char** arguments, char** environment, int flags) {
  return execute(directory, path, arguments, environment, flags);
}

}  // namespace model
}  // namespace detsim
