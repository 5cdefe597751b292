// The signal calls of a target: dispositions, masks, sending, waiting for signals.
#include <asm-generic/errno.h>
#include <signal.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signal_frame.hpp"
#include "interpose/calls/signal_queue.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kSignalSpace = 5;           // waits that only a signal or a deadline ends
constexpr std::uint64_t kActionFlags = 0xdc000807;  // those that the kernel knows (UAPI_SA_FLAGS)
constexpr std::uint64_t kUnblockable = bit_of(SIGKILL) | bit_of(SIGSTOP);

bool valid(int number) { return number >= 1 && number <= 64; }

SignalInfo from_me(int number, int code) {
  return {.number = number, .code = code, .pid = current_process().pid, .uid = real_uid()};
}

bool reachable(const Process& process) { return process.state == ProcessState::live; }

// A queued real-time signal that finds no room is not sent at all (sigqueue(3)).
bool is_queue_full(int number) {
  if (number < 32) return false;
  std::uint64_t limit[2] = {kQueuedSignalsMax, 0};
  raw(__NR_prlimit64, 0, 11 /* RLIMIT_SIGPENDING */, nullptr, limit);
  return queued_signals() >= (limit[0] < kQueuedSignalsMax ? limit[0] : kQueuedSignalsMax);
}

// The kernel knows whose process it is, and who we are.
bool may_signal(const Process& process, int number) {
  if (number == SIGCONT && process.session == current_process().session) return true;
  return process.state != ProcessState::live || raw(__NR_kill, process.real_pid, 0) != -EPERM;
}

template <typename Wanted>
long post_to_all(int number, Wanted wanted) {
  auto& w = world();
  long result = -ESRCH;
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    Process& process = w.processes[i];
    if (process.state == ProcessState::unused || !wanted(process)) continue;
    if (!may_signal(process, number)) {
      if (result != 0) result = -EPERM;
      continue;
    }
    result = 0;
    if (number != 0 && reachable(process)) post(process, from_me(number, SI_USER));
  }
  return result;
}

long send_to_task(int process_id, int tid, const SignalInfo& info, bool any_process) {
  if (tid <= 0 || (!any_process && process_id <= 0)) return -EINVAL;
  if (info.number < 0 || info.number > 64) return -EINVAL;
  Task* task = find_task(tid);
  if (task == nullptr) return -ESRCH;
  if (!any_process && process_of(*task).pid != process_id) return -ESRCH;
  if (!may_signal(process_of(*task), info.number)) return -EPERM;
  if (info.code < 0 && info.code != SI_TKILL && is_queue_full(info.number)) return -EAGAIN;
  if (info.number != 0) post(*task, info);
  return 0;
}

// 0: one of the set was taken.
long await_signal(std::uint64_t wanted, std::uint64_t deadline_ns, SignalInfo& taken) {
  while (!take_signal(current_process(), current_thread(), wanted, taken)) {
    if (has_deliverable_signal()) return -EINTR;
    if (deadline_ns <= world().scheduler.now_ns) return -EAGAIN;
    wait_for(WaitKind::signal, {kSignalSpace, current_task().id}, deadline_ns, true);
  }
  return 0;
}

// An info made by the target may not claim to come from the kernel or kill(2).
long queued_info(int number, const void* from, std::int32_t receiver, SignalInfo& info) {
  unsigned char bytes[128];
  if (!get_user(bytes, from)) return -EFAULT;
  info = read_signal_info(bytes);
  info.number = number;
  if ((info.code >= 0 || info.code == SI_TKILL) && receiver != current_process().pid) return -EPERM;
  return 0;
}

}  // namespace

namespace model {

long rt_sigaction(int number, const void* action, void* old, std::size_t bytes) {
  if (bytes != 8) return -EINVAL;
  if (!valid(number)) return -EINVAL;
  KernelSigaction& slot = current_process().actions[number];
  const KernelSigaction before = slot;
  if (action != nullptr) {
    KernelSigaction wanted;
    if ((kUnblockable & bit_of(number)) != 0) return -EINVAL;
    if (!get_user(wanted, action)) return -EFAULT;
    wanted.mask &= ~kUnblockable;
    wanted.flags &= kActionFlags;
    slot = wanted;
    forget_ignored(current_process(), number);
  }
  return old == nullptr || put_user(before, old) ? 0 : -EFAULT;
}

long rt_sigprocmask(int how, const void* set, void* old, std::size_t bytes) {
  if (bytes != 8) return -EINVAL;
  ThreadState& thread = current_thread();
  const auto before = thread.signal_mask;
  if (set != nullptr) {
    std::uint64_t wanted;
    if (!get_user(wanted, set)) return -EFAULT;
    switch (how) {
      case SIG_BLOCK: wanted = before | wanted; break;
      case SIG_UNBLOCK: wanted = before & ~wanted; break;
      case SIG_SETMASK: break;
      default: return -EINVAL;
    }
    set_signal_mask(wanted);
  }
  return old == nullptr || put_user(before, old) ? 0 : -EFAULT;
}

long rt_sigpending(void* set, std::size_t bytes) {
  if (bytes > 8) return -EINVAL;
  const ThreadState& thread = current_thread();
  const auto pending = (thread.pending.set | current_process().pending.set) & thread.signal_mask;
  return copy_to_user(set, &pending, bytes) ? 0 : -EFAULT;
}

long rt_sigsuspend(const void* set, std::size_t bytes) {
  if (bytes != 8) return -EINVAL;
  std::uint64_t mask;
  if (!get_user(mask, set)) return -EFAULT;
  begin_temporary_mask(mask);
  while (!has_deliverable_signal()) {
    wait_for(WaitKind::signal, {kSignalSpace, current_task().id}, kNever, true);
  }
  return kRestartNever;
}

long rt_sigtimedwait(const void* set, void* info, const void* timeout, std::size_t bytes) {
  if (bytes != 8) return -EINVAL;
  std::uint64_t wanted;
  if (!get_user(wanted, set)) return -EFAULT;
  wanted &= ~kUnblockable;
  std::uint64_t deadline = kNever;
  if (timeout != nullptr) {
    std::int64_t time[2];
    if (!get_user(time, timeout)) return -EFAULT;
    if (time[0] < 0 || time[1] < 0 || time[1] >= 1'000'000'000) return -EINVAL;
    deadline = deadline_from(1, time[0], time[1], false);
  }
  SignalInfo taken;
  begin_awaiting(wanted);
  const long error = await_signal(wanted, deadline, taken);
  end_awaiting();
  if (error != 0) return error;
  unsigned char raw_info[128];
  write_signal_info(taken, raw_info);
  if (info != nullptr && !put_user(raw_info, info)) return -EFAULT;
  return taken.number;
}

long rt_sigreturn() {
  if (!pop_signal_frame(current_frame())) end_process(SIGSEGV);
  return kFrameIsSet;
}

long sigaltstack(const void* stack, void* old) {
  ThreadState& thread = current_thread();
  const auto rsp = current_frame().rsp;
  const auto state = thread.alternate_bytes == 0          ? SS_DISABLE
                     : is_on_alternate_stack(thread, rsp) ? SS_ONSTACK
                                                          : 0;
  const AlternateStack before{
      thread.alternate_stack,
      static_cast<std::uint32_t>(state) | (thread.alternate_flags & kAutoDisarm), 0,
      thread.alternate_bytes};
  if (stack != nullptr) {
    AlternateStack wanted;
    if (!get_user(wanted, stack)) return -EFAULT;
    if (const long error = set_alternate_stack(thread, rsp, wanted)) return error;
  }
  return old == nullptr || put_user(before, old) ? 0 : -EFAULT;
}

long kill(int pid, int number) {
  if (number < 0 || number > 64) return -EINVAL;
  const auto& me = current_process();
  if (pid > 0) {
    return post_to_all(number, [pid](const Process& p) { return p.pid == pid; });
  }
  if (pid == -1) {
    return post_to_all(number, [&me](const Process& p) { return &p != &me; });
  }
  const int group = pid == 0 ? me.group : -pid;
  return post_to_all(number, [group](const Process& p) { return p.group == group; });
}

long tkill(int tid, int number) { return send_to_task(0, tid, from_me(number, SI_TKILL), true); }

long tgkill(int process, int tid, int number) {
  return send_to_task(process, tid, from_me(number, SI_TKILL), false);
}

long rt_sigqueueinfo(int pid, int number, const void* from) {
  SignalInfo info;
  if (const long error = queued_info(number, from, pid, info)) return error;
  if (number < 0 || number > 64) return -EINVAL;
  Process* process = find_process(pid);
  if (process == nullptr) {
    Task* task = find_task(pid);
    if (task == nullptr) return -ESRCH;
    process = &process_of(*task);
  }
  if (!may_signal(*process, number)) return -EPERM;
  if (info.code != SI_USER && is_queue_full(number)) return -EAGAIN;
  if (number != 0 && reachable(*process)) post(*process, info);
  return 0;
}

long rt_tgsigqueueinfo(int pid, int tid, int number, const void* from) {
  SignalInfo info;
  if (const long error = queued_info(number, from, pid, info)) return error;
  return send_to_task(pid, tid, info, false);
}

}  // namespace model
}  // namespace detsim
