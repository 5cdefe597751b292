#include "interpose/entry/outside.hpp"

#include <signal.h>

#include "interpose/base/raw.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/cpu.hpp"
#include "interpose/entry/spin.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/entry/trap.hpp"

namespace detsim {
namespace {

constexpr int kHandled[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGWINCH};

// The process that the signal came to: not always the one that runs in this memory, which a vfork
// child and its parent share.
const Process* receiver() {
  const Process* process = cpu().process;
  const auto real_pid = raw(__NR_getpid);
  if (process == nullptr || process->real_pid == real_pid) return process;
  const auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const Process& other = w.processes[i];
    if (other.state == ProcessState::live && other.real_pid == real_pid) return &other;
  }
  return nullptr;
}

void on_outside_signal(int number, siginfo_t*, void* context) {
  const Process* process = receiver();
  if (process == nullptr) return;
  auto& w = world();
  auto& noted = w.processes[process->index].outside_signals;
  __atomic_fetch_or(&noted, bit_of(number), __ATOMIC_SEQ_CST);
  __atomic_store_n(&w.outside_noted, 1, __ATOMIC_SEQ_CST);
  const auto holder = __atomic_load_n(&w.running_real_pid, __ATOMIC_SEQ_CST);
  if (holder == static_cast<std::uint32_t>(process->real_pid)) {
    enter_for_outside_signals(static_cast<ucontext_t*>(context));
  } else if (holder != 0) {
    raw(__NR_kill, holder, kNudgeSignal);  // it may be waiting in the kernel
  }
}

}  // namespace

void handle_outside_signals() {
  for (const int number : kHandled) handle_in_kernel(number, on_outside_signal);
}

void take_outside_signals() {
  auto& w = world();
  __atomic_store_n(&w.outside_noted, 0, __ATOMIC_SEQ_CST);
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    Process& process = w.processes[i];
    if (__atomic_load_n(&process.outside_signals, __ATOMIC_RELAXED) == 0) continue;
    const auto set = __atomic_exchange_n(&process.outside_signals, 0, __ATOMIC_SEQ_CST);
    if (process.state != ProcessState::live) continue;
    for (const int number : kHandled) {
      if ((set & bit_of(number)) != 0) post(process, {.number = number, .code = SI_KERNEL});
    }
  }
}

void take_outside_signals_in_loop() {
  constexpr int kTurns = 32;
  take_outside_signals();
  for (int i = 0; i < kTurns && !has_deliverable_signal(); ++i) {
    scheduling_point({OperationKind::yield, 0});
  }
}

void enter_for_outside_signals(ucontext_t* context) {
  auto* regs = context->uc_mcontext.gregs;
  const bool can = cpu().task != nullptr && has_outside_signals() && !is_searching() &&
                   is_target_text(static_cast<std::uint64_t>(regs[REG_RIP])) &&
                   world().running_real_pid == static_cast<std::uint32_t>(cpu().process->real_pid);
  if (can) enter_from_handler(regs);
}

}  // namespace detsim
