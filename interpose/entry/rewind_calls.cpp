#include "interpose/entry/rewind_calls.hpp"

#include <fcntl.h>
#include <linux/mman.h>

#include "interpose/base/raw.hpp"
#include "interpose/entry/park.hpp"
#include "interpose/entry/rewind.hpp"
#include "interpose/entry/rewind_memory.hpp"

namespace detsim {
namespace {

constexpr unsigned kDescriptorsKnown = 1024;

// Put back with everything else: false, and as they were.
bool has_spoiled, has_opened;
std::uint64_t known[kDescriptorsKnown / 64];

bool was_open(std::uint64_t fd) {
  const auto number = static_cast<unsigned>(fd);
  return number >= kDescriptorsKnown || (known[number / 64] >> (number % 64) & 1) != 0;
}

bool is_unmapped(std::uint64_t address, std::uint64_t bytes) { return !was_mapped(address, bytes); }

bool maps_freely(const Frame& f) {
  const bool is_fixed = (f.r10 & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
  return !is_fixed || is_unmapped(f.rdi, f.rsi);
}

bool moves_freely(const Frame& f) {
  const auto bytes = f.rsi > f.rdx ? f.rsi : f.rdx;
  return is_unmapped(f.rdi, bytes) && ((f.r10 & MREMAP_FIXED) == 0 || is_unmapped(f.r8, f.rdx));
}

// How memory is read in advance is not kept for a mapping, and has no effect on what is there.
bool advises_freely(const Frame& f) { return f.rdx == MADV_WILLNEED || is_unmapped(f.rdi, f.rsi); }

bool controls_freely(const Frame& f) { return f.rsi != F_SETFD || !was_open(f.rdi); }

// Calls that are carried out in the world and in the process's own memory alone.
bool is_of_world(std::uint64_t number) {
  switch (number) {
    case __NR_futex:
    case __NR_sched_yield:
    case __NR_clone:
    case __NR_clone3:
    case __NR_exit:
    case __NR_exit_group:
    case __NR_set_robust_list:
    case __NR_get_robust_list:
    case __NR_set_tid_address:
    case __NR_rseq:
    case __NR_gettid:
    case __NR_getpid:
    case __NR_getppid:
    case __NR_getpgid:
    case __NR_getpgrp:
    case __NR_getsid:
    case __NR_rt_sigaction:
    case __NR_rt_sigprocmask:
    case __NR_rt_sigpending:
    case __NR_rt_sigsuspend:
    case __NR_rt_sigtimedwait:
    case __NR_rt_sigreturn:
    case __NR_sigaltstack:
    case __NR_tgkill:
    case __NR_pause:
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
    case __NR_timer_delete: return true;
    default: return false;
  }
}

// Calls that only look. What opens a descriptor is among them, since it will be closed; so is what
// writes, since what may be written is the run's output.
bool looks_or_tells(std::uint64_t number) {
  switch (number) {
    case __NR_getrandom:
    case __NR_uname:
    case __NR_sysinfo:
    case __NR_getcpu:
    case __NR_sched_getaffinity:
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
    case __NR_getrlimit:
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
    case __NR_mincore:
    case __NR_read:
    case __NR_readv:
    case __NR_pread64:
    case __NR_preadv:
    case __NR_lseek:
    case __NR_write:
    case __NR_writev:
    case __NR_open:
    case __NR_openat: return true;
    default: return false;
  }
}

bool can_be_put_back_after(const Frame& f) {
  switch (f.number) {
    case __NR_mmap: return maps_freely(f);
    case __NR_munmap:
    case __NR_mprotect: return is_unmapped(f.rdi, f.rsi);
    case __NR_mremap: return moves_freely(f);
    case __NR_madvise: return advises_freely(f);
    case __NR_brk: return f.rdi == 0 || f.rdi >= kept_heap_end();
    case __NR_close: return !was_open(f.rdi);
    case __NR_fcntl: return controls_freely(f);
    case __NR_prlimit64: return f.rdx == 0;
    default: return is_of_world(f.number) || looks_or_tells(f.number);
  }
}

}  // namespace

bool is_spoiled() { return has_spoiled; }

void watch_call(const Frame& f) {
  if (has_spoiled) return;
  if (f.number == __NR_open || f.number == __NR_openat) has_opened = true;
  has_spoiled = !stays_inside(f) || !can_be_put_back_after(f);
}

void note_descriptors() {
  for (unsigned fd = 0; fd < kDescriptorsKnown; ++fd) {
    if (raw(__NR_fcntl, fd, F_GETFD) >= 0) known[fd / 64] |= 1ull << (fd % 64);
  }
}

void close_new_descriptors() {
  if (!has_opened) return;
  for (unsigned fd = 0; fd < kDescriptorsKnown;) {
    const auto first = fd;
    while (fd < kDescriptorsKnown && !was_open(fd)) ++fd;
    const unsigned last = fd == kDescriptorsKnown ? ~0u : fd - 1;
    if (first < fd) raw(__NR_close_range, first, last, 0);
    if (first == fd) ++fd;
  }
}

}  // namespace detsim
