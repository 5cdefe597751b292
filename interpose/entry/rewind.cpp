#include "interpose/entry/rewind.hpp"

#include <asm-generic/errno.h>
#include <linux/futex.h>

#include "interpose/base/raw.hpp"
#include "interpose/entry/park_files.hpp"
#include "interpose/entry/rewind_calls.hpp"
#include "interpose/entry/rewind_memory.hpp"
#include "interpose/entry/rewrite_text.hpp"
#include "interpose/entry/switch.hpp"

extern "C" {
[[noreturn]] void detsim_go_back(const detsim::Registers*);
[[noreturn]] void detsim_run_on_stack(void* top, void (*function)());
void detsim_save_signal_vectors(void* area, std::uint64_t components);
void detsim_load_signal_vectors(const void* area, std::uint64_t components);
}

namespace detsim {
namespace {

constexpr std::uint64_t kAllComponents = ~0ull;

// Left alone when memory is put back.
struct Start {
  Registers registers;
  std::uint64_t fs_base, gs_base;
  std::uint16_t ds, es;
  std::uint64_t code_writes;
  std::uint32_t sites_used;  // that were rewritten by then
  bool was_tried, is_kept;
  bool is_again;  // this process was put back
  int exit_code;  // of the run that is over, should it end here
  alignas(64) unsigned char vectors[kVectorBytes];
  alignas(64) unsigned char stack[kLeftAloneBytes / 2];
};
static_assert(sizeof(Start) <= kLeftAloneBytes);

Start& start() { return *static_cast<Start*>(memory_left_alone()); }

// Whether the run has left the process in a state that can be put back. A run that has changed code
// has not; and later copies of the parked process will not trap where this one did.
bool can_rewind() {
  const auto& control = park_control();
  const auto& kept = start();
  return control.rewinds && kept.is_kept && control.used == 1 && world().processes_used == 1 &&
         !is_spoiled() && code_writes() == kept.code_writes &&
         control.sites_used == kept.sites_used;
}

void tell_launcher() {
  auto& w = world();
  __atomic_add_fetch(&w.outcome_word, 1, __ATOMIC_SEQ_CST);
  raw(__NR_futex, &w.outcome_word, FUTEX_WAKE, 1 << 30);
}

void await_order(std::uint32_t served) {
  auto& copy = park_control().rewound;
  while (__atomic_load_n(&copy.orders, __ATOMIC_SEQ_CST) == served) {
    const std::uint64_t patience[2] = {1, 0};  // struct timespec
    const long waited = raw(__NR_futex, &copy.orders, FUTEX_WAIT, served, patience);
    if (waited == -ETIMEDOUT) end_with_launcher();
  }
}

// On a stack that is left alone. The world is the launcher's from the moment that it is told.
void go_back() {
  auto& copy = park_control().rewound;
  const auto& kept = start();
  const auto served = copy.orders;
  const bool is_back = put_back_memory();
  start().is_again = true;
  if (is_back) {
    __atomic_store_n(&copy.real_pid, static_cast<std::int32_t>(raw(__NR_getpid)), __ATOMIC_SEQ_CST);
  }
  tell_launcher();
  if (!is_back) raw(__NR_exit_group, kept.exit_code);
  await_order(served);
  raw(__NR_arch_prctl, 0x1002 /* ARCH_SET_FS */, kept.fs_base);
  raw(__NR_arch_prctl, 0x1001 /* ARCH_SET_GS */, kept.gs_base);
  __asm__ volatile("mov %0, %%ds\n\tmov %1, %%es" : : "m"(kept.ds), "m"(kept.es));
  detsim_load_signal_vectors(kept.vectors, kAllComponents);
  detsim_go_back(&kept.registers);
}

}  // namespace

bool is_start_outdated() {
  const auto& control = park_control();
  const auto& kept = start();
  if (!control.rewinds || control.used != 1) return false;
  if (!kept.was_tried) return true;
  const bool has_rewritten =
      kept.code_writes != code_writes() || kept.sites_used != control.sites_used;
  return kept.is_kept && has_rewritten;
}

Registers& start_registers() { return start().registers; }

void keep_start() {
  auto& kept = start();
  kept.was_tried = true;
  kept.fs_base = current_fs_base();
  kept.gs_base = current_gs_base();
  __asm__ volatile("mov %%ds, %0\n\tmov %%es, %1" : "=m"(kept.ds), "=m"(kept.es));
  kept.code_writes = code_writes();
  kept.sites_used = park_control().sites_used;
  detsim_save_signal_vectors(kept.vectors, kAllComponents);
  note_descriptors();
  kept.is_kept = keep_memory();
}

void begin_again() {
  Process& mine = current_process();
  mine.real_pid = static_cast<std::int32_t>(raw(__NR_getpid));
  world().running_real_pid = static_cast<std::uint32_t>(mine.real_pid);
  open_files_anew();
}

bool has_begun_again() { return start().is_again; }

void forget_start() {
  start().is_kept = false;
  forget_memory();
}

void rewind(int exit_code) {
  if (!can_rewind()) return;
  close_new_descriptors();
  start().exit_code = exit_code;
  detsim_run_on_stack(start().stack + sizeof start().stack, go_back);
}

}  // namespace detsim
