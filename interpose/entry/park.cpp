#include "interpose/entry/park.hpp"

#include <asm-generic/errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/stat.h>

#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/entry/copied_code.hpp"
#include "interpose/entry/decoder.hpp"
#include "interpose/entry/park_calls.hpp"
#include "interpose/entry/park_files.hpp"
#include "interpose/entry/rewind.hpp"
#include "interpose/entry/rewrite.hpp"
#include "interpose/entry/rewrite_text.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/entry/trap.hpp"
#include "scheduler/limits.hpp"
#include "scheduler/prefix.hpp"

namespace detsim {
namespace {

// What the launcher has put back, most copies write; all at once, that costs less than page faults.
void prepare_world_pages() {
  const auto& control = park_control();
  for (std::uint32_t i = 0; i < control.extent_count; ++i) {
    const auto& extent = control.extents[i];
    raw(__NR_madvise, extent.begin, extent.end - extent.begin, 23 /* MADV_POPULATE_WRITE */);
  }
}

void become_copy() {
  auto& w = world();
  raw(__NR_prctl, 1 /* PR_SET_PDEATHSIG */, SIGKILL);
  if (raw(__NR_getppid) != w.config.launcher_pid) raw(__NR_exit_group, 128 + SIGKILL);
  Process& mine = current_process();
  mine.real_pid = static_cast<std::int32_t>(raw(__NR_getpid));
  w.running_real_pid = static_cast<std::uint32_t>(mine.real_pid);
  prepare_world_pages();
  open_files_anew();
  arm_dispatch();
}

void tell_launcher() {
  auto& w = world();
  __atomic_add_fetch(&w.outcome_word, 1, __ATOMIC_SEQ_CST);
  raw(__NR_futex, &w.outcome_word, FUTEX_WAKE, 1 << 30);
}

// Of one kernel thread and one process: what else there is would not be copied.
bool is_alone() {
  const auto& w = world();
  return w.processes_used == 1;
}

// Sites that trapped in earlier copies.
void rewrite_noted_sites() {
  static std::uint32_t done;
  const auto& control = park_control();
  if (done == control.sites_used) return;
  const VectorsKept vectors;
  for (; done < control.sites_used; ++done) rewrite_ahead(control.sites[done]);
}

// Returns in each copy, and nowhere else.
void park() {
  auto& control = park_control();
  if (control.used == kPlacesMax || !is_alone()) return;
  if (note_open_files() == Hindrance::many_files) fatal("too many files are open for a copy");
  if (control.used == 0) make_code_copied();
  if (control.used != 0) forget_start();
  ParkPlace& place = control.places[control.used];
  place.decision = world().scheduler.decisions;
  place.real_pid = current_process().real_pid;
  auto served = place.orders;
  __atomic_add_fetch(&control.used, 1, __ATOMIC_SEQ_CST);
  tell_launcher();
  for (;;) {
    const std::uint64_t patience[2] = {1, 0};  // struct timespec
    const long waited = raw(__NR_futex, &place.orders, FUTEX_WAIT, served, patience);
    if (waited == -ETIMEDOUT) end_with_launcher();
    if (__atomic_load_n(&place.orders, __ATOMIC_SEQ_CST) == served) continue;
    rewrite_noted_sites();
    take_in_noted_code();
    if (is_start_outdated()) {
      if (detsim_remember_place(&start_registers()) != 0) return begin_again();
      keep_start();
    }
    // Its parent is ours, the launcher, which so learns of its end.
    const long child = raw(__NR_clone, CLONE_PARENT | SIGCHLD, 0, nullptr, 0, 0);
    if (child == 0) return become_copy();
    ++served;
    place.child = static_cast<std::int32_t>(child);
    __atomic_store_n(&place.answers, served, __ATOMIC_SEQ_CST);
    raw(__NR_futex, &place.answers, FUTEX_WAKE, 1);
  }
}

bool is_file(std::uint64_t fd) {
  const auto kind = look_up(static_cast<int>(fd)).kind;
  return kind == DescriptorKind::regular || kind == DescriptorKind::directory;
}

// Standard output and standard error are the launcher's own files.
bool is_output(std::uint64_t fd) { return fd == 1 || fd == 2; }

bool opens_inside(const char* path, std::uint64_t flags) {
  char head[8] = {};
  const long length = copy_text_from_user(head, path, sizeof head);
  if (length < 0 && length != -ENAMETOOLONG) return true;  // there will be no file
  if ((flags & (O_ACCMODE | O_CREAT | O_TRUNC | O_TMPFILE)) != 0) return false;
  return !starts_with(head, "/proc") && !starts_with(head, "/sys") && !starts_with(head, "/dev");
}

bool maps_inside(std::uint64_t protection, std::uint64_t flags) {
  const auto type = flags & MAP_TYPE;
  return type == MAP_PRIVATE || ((flags & MAP_ANONYMOUS) == 0 && (protection & PROT_WRITE) == 0);
}

bool advises_inside(std::uint64_t advice) {
  return advice != MADV_DONTFORK && advice != MADV_WIPEONFORK && advice != MADV_REMOVE;
}

bool controls_inside(std::uint64_t command) {
  switch (command) {
    case F_GETFD:
    case F_SETFD:
    case F_GETFL: return true;
    default: return false;
  }
}

// Clocks, sleeps, identity, and looks at files.
bool asks_or_waits(std::uint64_t number) {
  switch (number) {
    case __NR_nanosleep:
    case __NR_clock_nanosleep:
    case __NR_clock_gettime:
    case __NR_clock_getres:
    case __NR_gettimeofday:
    case __NR_time:
    case __NR_times:
    case __NR_getrusage:
    case __NR_alarm:
    case __NR_setitimer:
    case __NR_getitimer:
    case __NR_timer_create:
    case __NR_timer_settime:
    case __NR_timer_gettime:
    case __NR_timer_getoverrun:
    case __NR_timer_delete:
    case __NR_getrandom:
    case __NR_uname:
    case __NR_sysinfo:
    case __NR_getcpu:
    case __NR_sched_getaffinity:
    case __NR_sched_setaffinity:
    case __NR_sched_getparam:
    case __NR_sched_getscheduler:
    case __NR_sched_get_priority_max:
    case __NR_sched_get_priority_min:
    case __NR_getpriority:
    case __NR_getuid:
    case __NR_getgid:
    case __NR_geteuid:
    case __NR_getegid:
    case __NR_getgroups:
    case __NR_getresuid:
    case __NR_getresgid:
    case __NR_umask:
    case __NR_getrlimit:
    case __NR_prlimit64:
    case __NR_stat:
    case __NR_fstat:
    case __NR_lstat:
    case __NR_newfstatat:
    case __NR_statx:
    case __NR_statfs:
    case __NR_fstatfs:
    case __NR_access:
    case __NR_faccessat:
    case __NR_faccessat2:
    case __NR_readlink:
    case __NR_readlinkat:
    case __NR_getcwd:
    case __NR_fadvise64:
    case __NR_close: return true;
    default: return false;
  }
}

// Calls that are about the process itself, its memory, or the world; and those that only look.
bool is_about_itself(std::uint64_t number) {
  switch (number) {
    case __NR_munmap:
    case __NR_mremap:
    case __NR_mprotect:
    case __NR_brk:
    case __NR_mincore:
    case __NR_membarrier:
    case __NR_get_mempolicy:
    case __NR_futex:
    case __NR_set_robust_list:
    case __NR_get_robust_list:
    case __NR_set_tid_address:
    case __NR_rseq:
    case __NR_arch_prctl:
    case __NR_gettid:
    case __NR_getpid:
    case __NR_getppid:
    case __NR_getpgid:
    case __NR_getpgrp:
    case __NR_getsid:
    case __NR_exit:
    case __NR_exit_group:
    case __NR_sched_yield:
    case __NR_rt_sigaction:
    case __NR_rt_sigprocmask:
    case __NR_rt_sigpending:
    case __NR_rt_sigsuspend:
    case __NR_rt_sigtimedwait:
    case __NR_rt_sigreturn:
    case __NR_sigaltstack:
    case __NR_tgkill:
    case __NR_pause: return true;
    default: return asks_or_waits(number);
  }
}

}  // namespace

bool stays_inside(const Frame& f) {
  if (is_about_itself(f.number)) return true;
  switch (f.number) {
    case __NR_mmap: return maps_inside(f.rdx, f.r10);
    case __NR_madvise: return advises_inside(f.rdx);
    case __NR_fcntl: return controls_inside(f.rsi);
    case __NR_clone: return (f.rdi & CLONE_THREAD) != 0;
    case __NR_clone3: {
      std::uint64_t flags = 0;
      return get_user(flags, reinterpret_cast<const void*>(f.rdi)) && (flags & CLONE_THREAD) != 0;
    }
    case __NR_open: return opens_inside(reinterpret_cast<const char*>(f.rdi), f.rsi);
    case __NR_openat: return opens_inside(reinterpret_cast<const char*>(f.rsi), f.rdx);
    case __NR_read:
    case __NR_readv:
    case __NR_pread64:
    case __NR_preadv:
    case __NR_lseek: return is_file(f.rdi);
    case __NR_write:
    case __NR_writev: return is_output(f.rdi);
    default: return false;
  }
}

namespace {

void note_outside(const Frame& f) {
  auto& noted = park_control().outside_call;
  if (noted == 0) noted = static_cast<std::uint32_t>(f.number) + 1;
}

}  // namespace

void park_before(const Frame& f) {
  auto& control = park_control();
  const bool touches = !stays_inside(f);
  if (control.at_prefix_end) {
    if (touches) note_outside(f);
    if (touches || control.at_first_call) park_before_seed();
  }
  const bool puts_back = control.at_decisions && control.puts_back_files;
  const bool stays = !touches || (puts_back && can_be_put_back(f));
  if ((control.at_decisions || control.notes_outside) && !stays) note_outside(f);
  if (watches_calls()) watch_call(f);  // a copy that begins with it has been told to by now
}

void park_before_seed() {
  auto& control = park_control();
  if (!control.at_prefix_end) return;
  control.at_prefix_end = false;
  park();
}

namespace {

bool is_place() {
  auto& control = park_control();
  if (!control.at_decisions || control.outside_call != 0) return false;
  if (control.next_decision == control.decision_count ||
      world().scheduler.decisions < control.decisions[control.next_decision]) {
    return false;
  }
  const auto hindrance = note_open_files();
  if (hindrance != Hindrance::none) control.hindrance = hindrance;
  return hindrance == Hindrance::none;
}

}  // namespace

void park_before_decision() {
  auto& control = park_control();
  auto& scheduler = world().scheduler;
  if (scheduler.runnable_count < 2) return;
  if (is_place()) {
    ++control.next_decision;
    park();
  }
  const auto branch = control.branch;  // a copy's own
  if (branch.is_root() || scheduler.decisions != branch.decision) return;
  control.branch = {};
  begin_branch(scheduler, world().config.seed, branch);
}

}  // namespace detsim
