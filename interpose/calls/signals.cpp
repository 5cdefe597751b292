#include "interpose/calls/signals.hpp"

#include <asm-generic/errno.h>
#include <signal.h>

#include "interpose/calls/call.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signal_frame.hpp"
#include "interpose/calls/timers.hpp"
#include "interpose/entry/cpu.hpp"
#include "interpose/entry/events.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/entry/trap.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kStops = bit_of(SIGSTOP) | bit_of(SIGTSTP) | bit_of(SIGTTIN) |
                                 bit_of(SIGTTOU);
constexpr std::uint64_t kIgnoredByDefault =
    bit_of(SIGCHLD) | bit_of(SIGURG) | bit_of(SIGWINCH) | bit_of(SIGCONT);
constexpr std::uint64_t kFaults = bit_of(SIGSEGV) | bit_of(SIGBUS) | bit_of(SIGILL) |
                                  bit_of(SIGFPE) | bit_of(SIGTRAP) | bit_of(SIGSYS);
constexpr std::uint64_t kDefault = 0, kIgnore = 1;

bool ignored(const Process& process, int number) {
  const auto handler = process.actions[number].handler;
  return handler == kIgnore ||
         (handler == kDefault && (kIgnoredByDefault & bit_of(number)) != 0);
}

void enqueue(SignalQueue& queue, const SignalInfo& info) {
  auto& w = world();
  const bool realtime = info.number >= 32;
  if (!realtime && (queue.set & bit_of(info.number)) != 0) return;  // standard ones do not count
  queue.set |= bit_of(info.number);
  std::uint32_t index = w.signal_free;  // index + 1
  if (index != 0) {
    w.signal_free = w.signals[index - 1].next;
  } else if (w.signals_used < kQueuedSignalsMax) {
    index = ++w.signals_used;
  } else {
    return;  // as the kernel beyond RLIMIT_SIGPENDING: the signal is there, its info is lost
  }
  w.signals[index - 1] = {info, 0};
  if (queue.last != 0) {
    w.signals[queue.last - 1].next = index;
  } else {
    queue.first = index;
  }
  queue.last = index;
}

// Takes the first queued entry of a number; the bit stays while another of it is queued.
SignalInfo dequeue(SignalQueue& queue, int number) {
  auto& w = world();
  SignalInfo info{.number = number, .code = SI_USER};
  bool found = false, another = false;
  std::uint32_t previous = 0;
  for (std::uint32_t i = queue.first; i != 0;) {
    QueuedSignal& entry = w.signals[i - 1];
    const auto next = entry.next;
    if (entry.info.number == number && !found) {
      found = true;
      info = entry.info;
      (previous != 0 ? w.signals[previous - 1].next : queue.first) = next;
      if (queue.last == i) queue.last = previous;
      entry.next = w.signal_free;
      w.signal_free = i;
    } else {
      another = another || entry.info.number == number;
      previous = i;
    }
    i = next;
  }
  if (!another) queue.set &= ~bit_of(number);
  if (info.code == SI_TIMER) timer_signal_taken(info);
  return info;
}

void drop(SignalQueue& queue, std::uint64_t numbers) {
  for (auto set = queue.set & numbers; set != 0; set &= set - 1) {
    const int number = __builtin_ctzll(set) + 1;
    while ((queue.set & bit_of(number)) != 0) dequeue(queue, number);
  }
}

void drop_everywhere(Process& process, std::uint64_t numbers) {
  drop(process.pending, numbers);
  for_each_task(process, [&](Task& task) { drop(thread_of(task).pending, numbers); });
}

bool wants(const Task& task, int number) {
  return (thread_of(task).signal_mask & bit_of(number)) == 0;
}

// A signal for the process as a whole interrupts one task: the main one if it takes it, as Linux
// prefers (complete_signal in kernel/signal.c), else the first that does.
void interrupt_one(Process& process, int number) {
  auto& scheduler = world().scheduler;
  Task* chosen = nullptr;
  for_each_task(process, [&](Task& task) {
    if (!wants(task, number)) return;
    if (chosen == nullptr || task.id == process.main_task) chosen = &task;
  });
  if (chosen == nullptr) {  // sigtimedwait and signalfd look for blocked signals
    for_each_task(process, [&](Task& task) {
      if (task.wait_kind == WaitKind::signal || task.wait_kind == WaitKind::io) {
        scheduler.interrupt(task);
      }
    });
    return;
  }
  scheduler.interrupt(*chosen);
}

void kill_now(Process& process) {
  process.pending.set |= bit_of(SIGKILL);
  if (process.stopped) {
    process.stopped = false;
    for_each_task(process, [](Task& task) { world().scheduler.hold(task, false); });
  }
  Task* first = nullptr;
  for_each_task(process, [&](Task& task) { first = first == nullptr ? &task : first; });
  if (first != nullptr && first->state == TaskState::waiting) {
    world().scheduler.make_runnable(*first, Wake::interrupted);
  }
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

int lowest(std::uint64_t set) { return __builtin_ctzll(set) + 1; }

// Faults come first, as in the kernel (next_signal), then the lowest number.
int next_of(std::uint64_t set) { return lowest((set & kFaults) != 0 ? set & kFaults : set); }

void stop_here(Process& process, int number) {
  stop_process(process, number);
  reschedule();
}

// Runs a default action. Returns when the signal is done with; never, when it kills.
void default_action(Process& process, int number) {
  if ((kIgnoredByDefault & bit_of(number)) != 0) return;
  if ((kStops & bit_of(number)) != 0) return stop_here(process, number);
  end_process(static_cast<std::uint32_t>(number));
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

void run_handler(Frame& f, const SignalInfo& info) {
  Process& process = current_process();
  ThreadState& thread = current_thread();
  KernelSigaction& action = process.actions[info.number];
  const KernelSigaction taken = action;
  if ((taken.flags & SA_RESETHAND) != 0) action.handler = kDefault;
  const auto mask = thread.restore_mask ? thread.saved_mask : thread.signal_mask;
  thread.restore_mask = false;
  record({.kind = EventKind::signal, .result = info.number, .site = taken.handler});
  if (!push_signal_frame(f, taken, info, mask)) {
    end_process(SIGSEGV);  // no room on the stack
  }
  thread.signal_mask |= taken.mask;
  if ((taken.flags & SA_NODEFER) == 0) thread.signal_mask |= bit_of(info.number);
  thread.signal_mask &= ~(bit_of(SIGKILL) | bit_of(SIGSTOP));
}

}  // namespace

bool has_deliverable_signal() {
  return deliverable(current_process(), current_thread()) != 0;
}

bool deliver_signals(Frame& f, long result) {
  Process& process = current_process();
  ThreadState& thread = current_thread();
  bool handled = false;
  while (const auto set = deliverable(process, thread)) {
    if ((process.pending.set & bit_of(SIGKILL)) != 0) end_process(SIGKILL);
    const int number = next_of(set);
    const bool own = (thread.pending.set & bit_of(number)) != 0;
    const SignalInfo info = dequeue(own ? thread.pending : process.pending, number);
    const KernelSigaction& action = process.actions[number];
    if (action.handler == kIgnore) continue;
    if (action.handler == kDefault) {
      default_action(process, number);
      continue;
    }
    if (!handled) prepare_restart(f, result, action);
    handled = true;
    run_handler(f, info);
  }
  return !handled && (result == kRestartSys || result == kRestartNever);
}

void post(Process& process, const SignalInfo& info) {
  if (handled_when_posted(process, info.number)) return;
  bool blocked_everywhere = true;
  for_each_task(process, [&](Task& task) {
    blocked_everywhere = blocked_everywhere && !wants(task, info.number);
  });
  if (ignored(process, info.number) && !blocked_everywhere) return;
  enqueue(process.pending, info);
  interrupt_one(process, info.number);
}

void post(Task& task, const SignalInfo& info) {
  Process& process = process_of(task);
  if (handled_when_posted(process, info.number)) return;
  if (ignored(process, info.number) && wants(task, info.number)) return;
  enqueue(thread_of(task).pending, info);
  const bool waits_for_blocked =
      task.wait_kind == WaitKind::signal || task.wait_kind == WaitKind::io;
  if (wants(task, info.number) || waits_for_blocked) world().scheduler.interrupt(task);
}

bool take_signal(Process& process, ThreadState& thread, std::uint64_t set, SignalInfo& info) {
  const auto pending = (thread.pending.set | process.pending.set) & set;
  if (pending == 0) return false;
  const int number = next_of(pending);
  const bool own = (thread.pending.set & bit_of(number)) != 0;
  info = dequeue(own ? thread.pending : process.pending, number);
  return true;
}

void deliver_fault(Frame& f, const SignalInfo& info) {
  Process& process = current_process();
  ThreadState& thread = current_thread();
  const auto& action = process.actions[info.number];
  const bool blocked = (thread.signal_mask & bit_of(info.number)) != 0;
  if (blocked || action.handler <= kIgnore) {
    record({.kind = EventKind::signal, .result = info.number, .site = f.rip});
    end_process(static_cast<std::uint32_t>(info.number));
  }
  run_handler(f, info);
}

extern "C" void detsim_enter_fault(Frame* frame) {
  cpu().keeps_vector = 1;
  current_thread().frame = reinterpret_cast<std::uint64_t>(frame);
  deliver_fault(*frame, fault_info());
  if (has_deliverable_signal()) deliver_signals(*frame, 0);
}

void begin_temporary_mask(std::uint64_t mask) {
  ThreadState& thread = current_thread();
  if (!thread.restore_mask) thread.saved_mask = thread.signal_mask;
  thread.restore_mask = true;
  thread.signal_mask = mask & ~(bit_of(SIGKILL) | bit_of(SIGSTOP));
}

void end_temporary_mask() {
  ThreadState& thread = current_thread();
  if (!thread.restore_mask) return;
  thread.signal_mask = thread.saved_mask;
  thread.restore_mask = false;
}

void stop_process(Process& process, int signal) {
  if (process.stopped) return;
  process.stopped = true;
  process.stop_signal = signal;
  process.stop_reported = false;
  for_each_task(process, [](Task& task) { world().scheduler.hold(task, true); });
  Process* parent = find_process(process.parent);
  if (parent == nullptr) return;
  if ((parent->actions[SIGCHLD].flags & SA_NOCLDSTOP) == 0) {
    post(*parent, {.number = SIGCHLD, .code = CLD_STOPPED, .pid = process.pid, .status = signal});
  }
  world().scheduler.wake({kProcessSpace, static_cast<std::uint64_t>(parent->pid)}, ~0u);
}

void continue_process(Process& process) {
  if (!process.stopped) return;
  process.stopped = false;
  process.continue_reported = false;
  process.stop_reported = true;
  for_each_task(process, [](Task& task) {
    if (thread_of(task).tracer == 0) world().scheduler.hold(task, false);
  });
  Process* parent = find_process(process.parent);
  if (parent == nullptr) return;
  if ((parent->actions[SIGCHLD].flags & SA_NOCLDSTOP) == 0) {
    post(*parent,
         {.number = SIGCHLD, .code = CLD_CONTINUED, .pid = process.pid, .status = SIGCONT});
  }
  world().scheduler.wake({kProcessSpace, static_cast<std::uint64_t>(parent->pid)}, ~0u);
}

void forget_ignored(Process& process, int number) {
  if (ignored(process, number)) drop_everywhere(process, bit_of(number));
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
