#include "interpose/calls/signals.hpp"

#include <asm-generic/errno.h>
#include <linux/prctl.h>
#include <signal.h>

#include "interpose/base/raw.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/job_control.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signal_frame.hpp"
#include "interpose/calls/signal_queue.hpp"
#include "interpose/entry/cpu.hpp"
#include "interpose/entry/events.hpp"
#include "interpose/entry/outside.hpp"
#include "interpose/entry/requests.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/entry/trap.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kStops =
    bit_of(SIGSTOP) | bit_of(SIGTSTP) | bit_of(SIGTTIN) | bit_of(SIGTTOU);
constexpr std::uint64_t kIgnoredByDefault =
    bit_of(SIGCHLD) | bit_of(SIGURG) | bit_of(SIGWINCH) | bit_of(SIGCONT);
constexpr std::uint64_t kFaults = bit_of(SIGSEGV) | bit_of(SIGBUS) | bit_of(SIGILL) |
                                  bit_of(SIGFPE) | bit_of(SIGTRAP) | bit_of(SIGSYS);
constexpr std::uint64_t kUnblockable = bit_of(SIGKILL) | bit_of(SIGSTOP);
constexpr std::uint64_t kDefault = 0, kIgnore = 1;

bool ignored(const Process& process, int number) {
  const auto handler = process.actions[number].handler;
  return handler == kIgnore || (handler == kDefault && (kIgnoredByDefault & bit_of(number)) != 0);
}

void drop_everywhere(Process& process, std::uint64_t numbers) {
  drop(process.pending, numbers);
  for_each_task(process, [&](Task& task) { drop(thread_of(task).pending, numbers); });
}

void look_again(const Process& process, ThreadState& thread) {
  thread.signals_due = deliverable(process, thread) != 0;
}

// sigtimedwait takes what it waits for although it is blocked.
bool wants(const Task& task, int number) {
  const ThreadState& thread = thread_of(task);
  return (thread.signal_mask & ~thread.awaited_signals & bit_of(number)) == 0;
}

// Who blocks a signal may want it later, so it is not dropped though it is ignored now. The main
// task answers for its process (sig_ignored in kernel/signal.c).
bool is_dropped(const Process& process, int number) {
  if (!ignored(process, number)) return false;
  const Task* main = nullptr;
  for_each_task(process, [&](const Task& task) {
    if (main == nullptr || task.id == process.main_task) main = &task;
  });
  return main == nullptr || (thread_of(*main).signal_mask & bit_of(number)) == 0;
}

// A signal for the process as a whole is one task's to take: the main one's if it wants it and has
// none to take yet, else the first such (complete_signal in kernel/signal.c).
void choose_taker(Process& process, int number) {
  auto& scheduler = world().scheduler;
  Task* chosen = nullptr;
  bool wanted = false;
  for_each_task(process, [&](Task& task) {
    if (!wants(task, number)) return;
    wanted = true;
    if (thread_of(task).signals_due) return;
    if (chosen == nullptr || task.id == process.main_task) chosen = &task;
  });
  if (chosen != nullptr) {
    thread_of(*chosen).signals_due = true;
    scheduler.interrupt(*chosen);
  } else if (!wanted) {  // signalfd shows blocked signals
    for_each_task(process, [&](Task& task) {
      if (task.wait_kind == WaitKind::io) scheduler.interrupt(task);
    });
  }
}

// Signals of the process that this task was to take and no longer does (it blocks them, or ends)
// are another one's to take.
void choose_other_takers(Process& process, std::uint64_t numbers) {
  for (auto set = process.pending.set & numbers & ~kUnblockable; set != 0; set &= set - 1) {
    choose_taker(process, __builtin_ctzll(set) + 1);
  }
}

void kill_now(Process& process) {
  process.pending.set |= bit_of(SIGKILL);
  process.stopped = false;
  for_each_task(process, [](Task& task) {
    thread_of(task).signals_due = true;
    world().scheduler.hold(task, false);  // stopped or traced
    if (task.state == TaskState::waiting) {
      world().scheduler.make_runnable(task, Wake::interrupted);
    }
  });
}

// True when nothing is left to queue.
bool handled_when_posted(Process& process, int number) {
  if (process.state != ProcessState::live) return true;
  if (number == SIGKILL) return kill_now(process), true;
  if (number == SIGCONT) {
    drop_everywhere(process, kStops);
    continue_process(process);
  } else if ((kStops & bit_of(number)) != 0) {
    drop_everywhere(process, bit_of(SIGCONT));
  }
  return false;
}

// Faults come first, as in the kernel (next_signal), then the lowest number.
int next_of(std::uint64_t set) {
  return __builtin_ctzll((set & kFaults) != 0 ? set & kFaults : set) + 1;
}

// A task's own signals come before those of its process.
SignalInfo take_next(Process& process, ThreadState& thread, std::uint64_t numbers) {
  const auto own = thread.pending.set & numbers;
  if (own != 0) return dequeue(thread.pending, next_of(own));
  return dequeue(process.pending, next_of(process.pending.set & numbers));
}

// Runs a default action. Returns when the signal is done with; never, when it kills.
void default_action(Process& process, int number) {
  if ((kIgnoredByDefault & bit_of(number)) != 0) return;
  if ((kStops & bit_of(number)) == 0) end_by_signal(number);
  // Nobody could continue a group without a shell above it.
  if (number != SIGSTOP && is_orphaned_group(process)) return;
  stop_process(process, number);
  reschedule();
}

void prepare_restart(Frame& f, long result, const KernelSigaction& action) {
  if (result != kRestartSys && result != kRestartNever) return;
  if (result == kRestartSys && (action.flags & SA_RESTART) != 0) {
    f.rip -= 2;  // the syscall instruction again, with its number
    f.resume = 0;
    f.rax = f.number;
  } else {
    f.rax = static_cast<std::uint64_t>(-EINTR);
  }
}

bool push_frame(Frame& f, const KernelSigaction& action, const SignalInfo& info, bool is_fault) {
  ThreadState& thread = current_thread();
  const auto mask = thread.restore_mask ? thread.saved_mask : thread.signal_mask;
  if (!push_signal_frame(f, action, info, mask, is_fault)) return false;
  thread.restore_mask = false;
  return true;
}

// True when there was room for the frame.
bool run_handler_once(Frame& f, const SignalInfo& info, bool is_fault) {
  KernelSigaction& action = current_process().actions[info.number];
  const KernelSigaction taken = action;
  if ((taken.flags & SA_RESETHAND) != 0) action.handler = kDefault;
  record({.kind = EventKind::signal, .result = info.number, .site = taken.handler});
  if (!push_frame(f, taken, info, is_fault)) return false;
  auto mask = current_thread().signal_mask | taken.mask;
  if ((taken.flags & SA_NODEFER) == 0) mask |= bit_of(info.number);
  set_signal_mask(mask);
  return true;
}

// Where there is no room for a frame the kernel sends SIGSEGV, whose handler may have a stack of
// its own; where that fails, or is what failed, the program ends (force_sigsegv).
void run_handler(Frame& f, const SignalInfo& info, bool is_fault) {
  if (run_handler_once(f, info, is_fault)) return;
  const SignalInfo no_room{.number = SIGSEGV, .code = SI_KERNEL};
  const bool can_handle = info.number != SIGSEGV && wants(current_task(), SIGSEGV) &&
                          current_process().actions[SIGSEGV].handler > kIgnore;
  if (!can_handle || !run_handler_once(f, no_room, false)) end_by_signal(SIGSEGV);
}

}  // namespace

bool has_deliverable_signal() {
  ThreadState& thread = current_thread();
  if (!thread.signals_due) return false;
  look_again(current_process(), thread);  // another task may have taken it
  return thread.signals_due;
}

bool deliver_signals(Frame& f, long result) {
  Process& process = current_process();
  ThreadState& thread = current_thread();
  bool handled = false;
  while (thread.signals_due) {
    const auto set = deliverable(process, thread);
    if ((set & bit_of(SIGKILL)) != 0) end_by_signal(SIGKILL);
    thread.signals_due = set != 0;
    if (set == 0) break;
    const SignalInfo info = take_next(process, thread, set);
    const KernelSigaction& action = process.actions[info.number];
    if (action.handler == kIgnore) continue;
    if (action.handler == kDefault) {
      default_action(process, info.number);
      continue;
    }
    if (!handled) prepare_restart(f, result, action);
    handled = true;
    run_handler(f, info, false);
  }
  return !handled && is_restart(result);
}

void post(Process& process, const SignalInfo& info) {
  if (handled_when_posted(process, info.number)) return;
  if (is_dropped(process, info.number)) return;
  enqueue(process.pending, info);
  choose_taker(process, info.number);
}

void post(Task& task, const SignalInfo& info) {
  Process& process = process_of(task);
  if (handled_when_posted(process, info.number)) return;
  ThreadState& thread = thread_of(task);
  const bool is_blocked = (thread.signal_mask & bit_of(info.number)) != 0;
  if (ignored(process, info.number) && !is_blocked) return;
  enqueue(thread.pending, info);
  if (wants(task, info.number)) {
    thread.signals_due = true;
    world().scheduler.interrupt(task);
  } else if (task.wait_kind == WaitKind::io) {  // signalfd shows blocked signals
    world().scheduler.interrupt(task);
  }
}

bool take_signal(Process& process, ThreadState& thread, std::uint64_t set, SignalInfo& info) {
  const auto pending = (thread.pending.set | process.pending.set) & set;
  if (pending == 0) return false;
  info = take_next(process, thread, pending);
  return true;
}

void set_signal_mask(std::uint64_t mask) {
  Process& process = current_process();
  ThreadState& thread = current_thread();
  const auto newly_blocked = mask & ~thread.signal_mask;
  thread.signal_mask = mask & ~kUnblockable;
  choose_other_takers(process, newly_blocked);
  look_again(process, thread);
}

void begin_awaiting(std::uint64_t set) { current_thread().awaited_signals = set; }

void end_awaiting() {
  ThreadState& thread = current_thread();
  const auto awaited = thread.awaited_signals & thread.signal_mask;
  thread.awaited_signals = 0;
  choose_other_takers(current_process(), awaited);
  look_again(current_process(), thread);
}

void leave_signals(Process& process, const ThreadState& thread) {
  choose_other_takers(process, ~thread.signal_mask);
}

void deliver_fault(Frame& f, const SignalInfo& info) {
  const auto& action = current_process().actions[info.number];
  const bool blocked = (current_thread().signal_mask & bit_of(info.number)) != 0;
  if (blocked || action.handler <= kIgnore) {
    record({.kind = EventKind::signal, .result = info.number, .site = f.rip});
    end_by_signal(info.number);
  }
  run_handler(f, info, true);
}

extern "C" void detsim_enter_fault(Frame* frame) {
  cpu().keeps_vector = 1;
  current_thread().frame = reinterpret_cast<std::uint64_t>(frame);
  if (fault_info().number != 0) {
    deliver_fault(*frame, fault_info());
  } else {
    take_outside_signals_in_loop();
  }
  if (has_deliverable_signal()) deliver_signals(*frame, 0);
}

void begin_temporary_mask(std::uint64_t mask) {
  ThreadState& thread = current_thread();
  if (!thread.restore_mask) thread.saved_mask = thread.signal_mask;
  thread.restore_mask = true;
  set_signal_mask(mask);
}

void end_temporary_mask() {
  ThreadState& thread = current_thread();
  if (!thread.restore_mask) return;
  thread.restore_mask = false;
  set_signal_mask(thread.saved_mask);
}

void forget_ignored(Process& process, int number) {
  if (ignored(process, number)) drop_everywhere(process, bit_of(number));
}

// Who looks for a core file finds none, but learns that natively there would be one (core(5)).
void end_by_signal(int number) {
  constexpr std::uint64_t with_core =
      kFaults | bit_of(SIGQUIT) | bit_of(SIGABRT) | bit_of(SIGXCPU) | bit_of(SIGXFSZ);
  constexpr std::uint64_t core_bytes_min = 4096;
  constexpr std::uint32_t core_flag = 0x80;
  std::uint64_t limit[2] = {};
  auto status = static_cast<std::uint32_t>(number);
  if ((with_core & bit_of(number)) != 0) tell_crash(number);
  if ((with_core & bit_of(number)) != 0 && raw(__NR_prctl, PR_GET_DUMPABLE) == 1 &&
      raw(__NR_prlimit64, 0, 4 /* RLIMIT_CORE */, nullptr, limit) == 0 &&
      limit[0] >= core_bytes_min) {
    status |= core_flag;
  }
  end_process(status);
}

void clear_signals(SignalQueue& queue) { drop(queue, ~0ull); }

void reset_signals_for_exec(Process& process, ThreadState& thread) {
  for (auto& action : process.actions) {
    action = {.handler = action.handler == kIgnore ? kIgnore : kDefault};
  }
  thread.alternate_stack = thread.alternate_bytes = 0;
  thread.alternate_flags = SS_DISABLE;
}

}  // namespace detsim
