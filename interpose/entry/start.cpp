// The constructor: puts the sandbox in place before any other constructor runs (-z initfirst).
//
// It takes the environment from its arguments, finds the world through DETSIM_WORLD, joins it as
// the root process or as the process whose execve this image is the result of, and closes the
// doors one after another; user dispatch last, since from then on every call is entered.
#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <elf.h>
#include <linux/mman.h>
#include <signal.h>
#include <sys/personality.h>

#include "interpose/base/exec_image.hpp"
#include "interpose/base/log.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/image.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/disk/nodes.hpp"
#include "interpose/entry/elf_walk.hpp"
#include "interpose/entry/events.hpp"
#include "interpose/entry/instructions.hpp"
#include "interpose/entry/prefix.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/entry/symbols.hpp"
#include "interpose/entry/trap.hpp"
#include "interpose/entry/vdso.hpp"
#include "interpose/faults/points.hpp"
#include "scheduler/rounds.hpp"

namespace detsim {
namespace {

const char* find_variable(char** environment, const char* prefix) {
  for (; *environment != nullptr; ++environment) {
    if (starts_with(*environment, prefix)) return *environment + strlen(prefix);
  }
  return nullptr;
}

// The descriptor was opened for this image alone (open_world).
void map_world(const char* where) {
  long fd = 0;
  for (; *where != 0; ++where) fd = 10 * fd + (*where - '0');
  const long address = raw(__NR_mmap, kWorldAddress, kWorldBytes, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, fd, 0);
  raw(__NR_close, fd);
  if (address != static_cast<long>(kWorldAddress)) {
    fatal("cannot map the world, its descriptor or address range is taken: error ", -address);
  }
  if (world().version != kWorldVersion) fatal("launcher and libdetsim.so are of other versions");
  if (has_disk()) map_overflow();
}

// The variables that are detsim's own are nobody else's business.
void clean_environment(char** environment) {
  const char* library = world().config.library;
  char** to = environment;
  for (char** from = environment; *from != nullptr; ++from) {
    char* variable = *from;
    if (starts_with(variable, kWorldVariable) || starts_with(variable, kPadVariable)) continue;
    if (starts_with(variable, kPreloadVariable) &&
        !take_out_own_preload(variable + sizeof kPreloadVariable - 1, library)) {
      continue;
    }
    *to++ = variable;
  }
  *to = nullptr;
}

const Elf64_auxv_t* find_auxiliary(const Elf64_auxv_t* vector, std::uint64_t type) {
  for (; vector->a_type != AT_NULL; ++vector) {
    if (vector->a_type == type) return vector;
  }
  return nullptr;
}

// nohup and the like: what is ignored or blocked at the start stays so. The kernel's own SIGCHLD
// must not be ignored, or ended children would be gone before anybody looked at them.
void inherit_signals(Process& root, ThreadState& thread) {
  for (int number = 1; number <= 64; ++number) {
    KernelSigaction action;
    if (raw(__NR_rt_sigaction, number, nullptr, &action, 8) == 0 && action.handler == 1) {
      root.actions[number].handler = 1;
    }
  }
  const KernelSigaction normal;
  raw(__NR_rt_sigaction, SIGCHLD, &normal, nullptr, 8);
  std::uint64_t mask = 0;
  raw(__NR_rt_sigprocmask, SIG_BLOCK, nullptr, &mask, 8);
  thread.signal_mask = mask & ~(bit_of(SIGKILL) | bit_of(SIGSTOP));
}

// What a machine that went down forgets and only the shim knows of.
void begin_round() {
  const auto& round = round_of_run();
  for (std::uint32_t i = 0; i < round.lost_used; ++i) {
    forget_file(round.lost[i].device, round.lost[i].number);
  }
  raw(__NR_madvise, kWorldTimerMarks, kWorldPast - kWorldTimerMarks, 9 /* MADV_REMOVE */);
}

void begin_world() {
  auto& w = world();
  if (round_of_run().number != 0) begin_round();
  begin_prefix();
  w.next_pid = 1000;
  Process* root = start_process(nullptr);
  root->real_pid = static_cast<std::int32_t>(raw(__NR_getpid));
  Task* task = start_task(*root, nullptr);
  cpu().process = root;
  cpu().task = task;
  inherit_signals(*root, thread_of(*task));
  w.running_real_pid = static_cast<std::uint32_t>(root->real_pid);
  w.current = task->id;
  begin_descriptors();
}

// The image after an execve: the task that called it is the current one, and still has the baton.
void join_world() {
  auto& w = world();
  Task& task = w.scheduler.tasks[w.current];
  Process& process = w.processes[task.process];
  if (!process.exec_pending) fatal("an image joined the world that nobody started");
  cpu().process = &process;
  cpu().task = &task;
  become_image(process, task);
}

// Whether this is the root process, as it starts.
bool begin_or_join(const Elf64_auxv_t* auxiliary) {
  auto& w = world();
  const auto* capabilities = find_auxiliary(auxiliary, 26 /* AT_HWCAP2 */);
  w.config.has_fsgsbase = capabilities != nullptr && (capabilities->a_un.a_val & 2) != 0;
  const bool is_first = w.scheduler.tasks_used == 0;
  if (is_first) {
    begin_world();
  } else {
    join_world();
  }
  set_up_stacks();
  thread_of(*cpu().task).stack_top = allocate_stack();
  install(*cpu().task);
  cpu().keeps_vector = 0;
  return is_first;
}

}  // namespace

// Executing a program that gains rights takes ADDR_NO_RANDOMIZE away (PER_CLEAR_ON_SETID). Those
// whose files ask for it are refused or kept from it before; a root user with few capabilities
// gains them from any file.
void require_fixed_layout() {
  constexpr unsigned kOnlyAsk = 0xffffffff;
  if ((raw(__NR_personality, kOnlyAsk) & ADDR_NO_RANDOMIZE) != 0) return;
  fatal("'", current_process().name,
        "' was executed by root without all of root's capabilities and gained them, and so the "
        "kernel placed it at random addresses; start the run without dropping capabilities, or as "
        "another user");
}

extern "C" __attribute__((constructor)) void detsim_start(int, char**, char** environment) {
  const char* where = find_variable(environment, kWorldVariable);
  if (where == nullptr) {
    find_real_functions(nullptr);
    return;
  }
  char** after = environment;
  while (*after != nullptr) ++after;
  const auto* auxiliary = reinterpret_cast<const Elf64_auxv_t*>(after + 1);
  map_world(where);
  const bool is_first = begin_or_join(auxiliary);
  clean_environment(environment);
  measure_vector_state();
  find_real_functions(auxiliary);
  take_over_kernel_thread();
  fix_random_bytes(find_auxiliary(auxiliary, AT_RANDOM));
  name_image();
  require_fixed_layout();
  if (const auto* vdso = find_auxiliary(auxiliary, AT_SYSINFO_EHDR)) patch_vdso(vdso->a_un.a_val);
  scan_image();
  install_traps();
  observe_wakes();
  record({.kind = EventKind::process,
          .result = current_process().pid,
          .detail = is_first ? begins_round(round_of_run().number) : 0});
  arm_dispatch();
}

}  // namespace detsim
