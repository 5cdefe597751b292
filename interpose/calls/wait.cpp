// wait4, waitid: the world knows who ended how; the kernel's zombie is reaped on the way.
#include <asm-generic/errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/ptrace.hpp"
#include "interpose/calls/signal_frame.hpp"
#include "interpose/calls/usage.hpp"
#include "interpose/entry/events.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

enum class Which { any, pid, group };

struct Wanted {
  Which which = Which::any;
  std::int32_t id = 0;
  int options = 0;
};

struct Found {
  Process* child = nullptr;
  enum { ended, stopped, continued } what = ended;
};

bool matches(const Process& child, const Wanted& wanted) {
  if (child.state == ProcessState::unused || child.parent != current_process().pid) return false;
  const bool clone_child = child.exit_signal != SIGCHLD;
  if ((wanted.options & __WALL) == 0 && clone_child != ((wanted.options & __WCLONE) != 0)) {
    return false;
  }
  switch (wanted.which) {
    case Which::pid: return child.pid == wanted.id;
    case Which::group: return child.group == wanted.id;
    default: return true;
  }
}

// In order of the process table; which of several is first is the order of their ends anyway when
// the caller waits for each.
bool look(const Wanted& wanted, Found& found) {
  auto& w = world();
  bool any = false;
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    Process& child = w.processes[i];
    if (!matches(child, wanted)) continue;
    any = true;
    if (child.state == ProcessState::zombie) {
      if ((wanted.options & WEXITED) == 0) continue;
      if (found.child == nullptr || child.ended_order < found.child->ended_order) {
        found = {&child, Found::ended};
      }
    } else if (found.child == nullptr && child.stopped && !child.stop_reported &&
               (wanted.options & WSTOPPED) != 0) {
      found = {&child, Found::stopped};
    } else if (found.child == nullptr && !child.stopped && !child.continue_reported &&
               (wanted.options & WCONTINUED) != 0) {
      found = {&child, Found::continued};
    }
  }
  return any;
}

// Waits until there is something to report. 0: found or WNOHANG; else the error. The SIGCHLD of a
// child that is waited for does not end the wait: it is looked at first (do_wait in kernel/exit.c).
long find(const Wanted& wanted, Found& found) {
  for (bool interrupted = false;;) {
    if (!look(wanted, found)) return -ECHILD;
    if (found.child != nullptr || (wanted.options & WNOHANG) != 0) return 0;
    const WaitKey key{kProcessSpace, static_cast<std::uint64_t>(current_process().pid)};
    if (interrupted) return kRestartSys;
    interrupted = wait_for(WaitKind::child, key, kNever, true) == Wake::interrupted;
  }
}

std::uint32_t status_of(const Found& found) {
  switch (found.what) {
    case Found::stopped: return (static_cast<std::uint32_t>(found.child->stop_signal) << 8) | 0x7f;
    case Found::continued: return 0xffff;
    default: return found.child->exit_status;
  }
}

void take(const Found& found, int options) {
  Process& child = *found.child;
  if ((options & WNOWAIT) != 0) return;
  switch (found.what) {
    case Found::stopped: child.stop_reported = true; break;
    case Found::continued: child.continue_reported = true; break;
    case Found::ended:
      current_process().children_cpu_ns += child.cpu_ns + child.children_cpu_ns;
      while (raw(__NR_wait4, child.real_pid, nullptr, 0x40000000 /* __WALL */, nullptr) == -EINTR) {
      }
      child.state = ProcessState::unused;
      break;
  }
}

SignalInfo info_of(const Found& found) {
  const auto status = status_of(found);
  SignalInfo info{.number = SIGCHLD, .pid = found.child->pid, .uid = real_uid()};
  if (found.what == Found::stopped) {
    info.code = CLD_STOPPED, info.status = found.child->stop_signal;
  } else if (found.what == Found::continued) {
    info.code = CLD_CONTINUED, info.status = SIGCONT;
  } else if ((status & 0x7f) != 0) {
    info.code = (status & 0x80) != 0 ? CLD_DUMPED : CLD_KILLED;
    info.status = static_cast<std::int32_t>(status & 0x7f);
  } else {
    info.code = CLD_EXITED, info.status = static_cast<std::int32_t>((status >> 8) & 0xff);
  }
  return info;
}

}  // namespace

namespace model {

long wait4(int pid, void* status, int options, void* usage) {
  constexpr int known = WNOHANG | WUNTRACED | WCONTINUED | __WALL | __WCLONE | __WNOTHREAD;
  if ((options & ~known) != 0) return -EINVAL;
  if (pid > 0 && take_trace_stop(pid) != nullptr) {
    const std::uint32_t stopped = SIGSTOP << 8 | 0x7f;
    return status == nullptr || put_user(stopped, status) ? pid : -EFAULT;
  }
  Wanted wanted{.options = options | WEXITED};
  if (pid > 0) {
    wanted.which = Which::pid, wanted.id = pid;
  } else if (pid == 0) {
    wanted.which = Which::group, wanted.id = current_process().group;
  } else if (pid < -1) {
    wanted.which = Which::group, wanted.id = -pid;
  }
  Found found;
  if (const long error = find(wanted, found)) return error;
  if (found.child == nullptr) return 0;
  const auto child_pid = found.child->pid;
  const auto child_status = status_of(found);
  if (usage != nullptr && !put_usage(found.child->cpu_ns + found.child->children_cpu_ns, usage)) {
    return -EFAULT;
  }
  take(found, options);
  if (status != nullptr && !put_user(child_status, status)) return -EFAULT;
  return child_pid;
}

long waitid(int which, int id, void* info, int options, void* usage) {
  constexpr int kinds = WEXITED | WSTOPPED | WCONTINUED;
  constexpr int known = kinds | WNOHANG | WNOWAIT | __WALL | __WCLONE | __WNOTHREAD;
  if ((options & ~known) != 0 || (options & kinds) == 0) return -EINVAL;
  Wanted wanted{.options = options};
  switch (which) {
    case P_ALL: break;
    case P_PID:
      if (id <= 0) return -EINVAL;
      wanted.which = Which::pid, wanted.id = id;
      break;
    case P_PGID:
      if (id < 0) return -EINVAL;
      wanted.which = Which::group, wanted.id = id != 0 ? id : current_process().group;
      break;
    case 3 /* P_PIDFD */: {
      const Process* process = process_behind_pidfd(id);
      if (process == nullptr) return -EBADF;
      wanted.which = Which::pid, wanted.id = process->pid;
      break;
    }
    default: return -EINVAL;
  }
  Found found;
  if (const long error = find(wanted, found)) return error;
  unsigned char bytes[128] = {};
  if (found.child != nullptr) {
    write_signal_info(info_of(found), bytes);
    if (usage != nullptr && !put_usage(found.child->cpu_ns + found.child->children_cpu_ns, usage)) {
      return -EFAULT;
    }
    take(found, options);
  }
  return info == nullptr || put_user(bytes, info) ? 0 : -EFAULT;
}

}  // namespace model
}  // namespace detsim
