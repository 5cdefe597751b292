// Who and where the target is: the same on every machine.
#include <asm-generic/errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/procfs.hpp"
#include "interpose/calls/usage.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kNanosecondsPerTick = 10'000'000;  // CLK_TCK is 100

Task* task_of(int tid) { return tid == 0 ? &current_task() : find_task(tid); }

struct Name {
  char system[65], node[65], release[65], version[65], machine[65], domain[65];
};

struct SystemInfo {  // struct sysinfo of <linux/sysinfo.h>, x86-64
  std::int64_t uptime;
  std::uint64_t loads[3];
  std::uint64_t total_ram, free_ram, shared_ram, buffer_ram, total_swap, free_swap;
  std::uint16_t processes, padding;
  std::uint64_t total_high, free_high;
  std::uint32_t unit;
  char rest[4];
};
static_assert(sizeof(SystemInfo) == 112);

bool valid_policy(int policy, int priority) {
  switch (policy & ~SCHED_RESET_ON_FORK) {
    case 0:
    case 3:
    case 5: return priority == 0;  // OTHER, BATCH, IDLE
    case SCHED_FIFO:
    case SCHED_RR: return priority >= 1 && priority <= 99;
    default: return false;
  }
}

long set_policy(int tid, int policy, int priority) {
  Task* task = task_of(tid);
  if (tid < 0 || !valid_policy(policy, priority)) return -EINVAL;
  if (task == nullptr) return -ESRCH;
  thread_of(*task).policy = policy;
  thread_of(*task).priority = priority;
  return 0;
}

struct SchedulingAttributes {  // struct sched_attr, first version
  std::uint32_t size, policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
};

long set_name(const char* name) {
  char text[kTaskNameBytes] = {};
  const long length = copy_text_from_user(text, name, sizeof text);
  if (length == -EFAULT) return -EFAULT;
  text[kTaskNameBytes - 1] = 0;
  name_task(current_task(), text);
  return 0;
}

// The number also shows in the task's rseq area, which only its own process can write.
void cpu_changed(const Task& task) {
  Process& process = process_of(task);
  if (process.address_space == current_process().address_space) {
    write_rseq_cpu(thread_of(task));
  } else {
    process.has_moved_tasks = true;
  }
}

}  // namespace

void name_task(Task& task, const char* name) {
  copy_text(task.name, name, sizeof task.name);
  Process& process = process_of(task);
  if (task.id != process.main_task) return;
  copy_text(process.name, task.name, sizeof process.name);
  if (&process == &current_process()) raw(__NR_prctl, PR_SET_NAME, task.name);
}

bool put_usage(std::uint64_t cpu_ns, void* usage) {
  rusage value;
  memset(&value, 0, sizeof value);
  value.ru_utime.tv_sec = static_cast<long>(cpu_ns / 1'000'000'000);
  value.ru_utime.tv_usec = static_cast<long>(cpu_ns % 1'000'000'000 / 1000);
  value.ru_maxrss = kResidentBytes / 1024;
  return put_user(value, usage);
}

namespace model {

long uname(void* to) {
  Name name;
  memset(&name, 0, sizeof name);
  copy_text(name.system, kSystemName, 65);
  copy_text(name.node, kNodeName, 65);
  copy_text(name.release, kRelease, 65);
  copy_text(name.version, kSystemVersion, 65);
  copy_text(name.machine, "x86_64", 65);
  copy_text(name.domain, kDomainName, 65);
  return put_user(name, to) ? 0 : -EFAULT;
}

long sysinfo(void* to) {
  SystemInfo info;
  memset(&info, 0, sizeof info);
  info.uptime = static_cast<std::int64_t>((kBootNs + world().scheduler.now_ns) / 1'000'000'000);
  info.total_ram = kMemoryBytes;
  info.free_ram = kMemoryBytes / 2;
  info.processes = static_cast<std::uint16_t>(world().scheduler.live);
  info.unit = 1;
  return put_user(info, to) ? 0 : -EFAULT;
}

long times(void* buffer) {
  const auto& me = current_process();
  const std::int64_t ticks[4] = {
      static_cast<std::int64_t>(cpu_time_of(me) / kNanosecondsPerTick), 0,
      static_cast<std::int64_t>(me.children_cpu_ns / kNanosecondsPerTick), 0};
  if (buffer != nullptr && !put_user(ticks, buffer)) return -EFAULT;
  return static_cast<long>((kBootNs + world().scheduler.now_ns) / kNanosecondsPerTick);
}

long getrusage(int who, void* usage) {
  std::uint64_t cpu_ns;
  switch (who) {
    case RUSAGE_SELF: cpu_ns = cpu_time_of(current_process()); break;
    case RUSAGE_CHILDREN: cpu_ns = current_process().children_cpu_ns; break;
    case 1 /* RUSAGE_THREAD */: cpu_ns = current_task().cpu_ns; break;
    default: return -EINVAL;
  }
  return put_usage(cpu_ns, usage) ? 0 : -EFAULT;
}

long sched_getaffinity(int tid, std::size_t bytes, void* mask) {
  const Task* task = task_of(tid);
  if (tid < 0 || bytes * 8 < world().config.cpus || (bytes & 7) != 0) return -EINVAL;
  if (task == nullptr) return -ESRCH;
  const auto& thread = thread_of(*task);
  const std::size_t count = bytes < sizeof thread.affinity ? bytes : sizeof thread.affinity;
  return copy_to_user(mask, thread.affinity, count) ? static_cast<long>(count) : -EFAULT;
}

long sched_setaffinity(int tid, std::size_t bytes, const void* mask) {
  Task* task = task_of(tid);
  if (tid < 0) return -EINVAL;
  if (task == nullptr) return -ESRCH;
  std::uint64_t wanted[2] = {};
  if (!copy_from_user(wanted, mask, bytes < sizeof wanted ? bytes : sizeof wanted)) return -EFAULT;
  const auto cpus = world().config.cpus;
  for (unsigned i = 0; i < 128; ++i) {
    if (i >= cpus) wanted[i / 64] &= ~(1ull << (i % 64));
  }
  if ((wanted[0] | wanted[1]) == 0) return -EINVAL;
  auto& thread = thread_of(*task);
  memcpy(thread.affinity, wanted, sizeof wanted);
  if ((wanted[thread.cpu / 64] >> (thread.cpu % 64) & 1) == 0) {
    thread.cpu = wanted[0] != 0 ? static_cast<unsigned>(__builtin_ctzll(wanted[0]))
                                : 64 + static_cast<unsigned>(__builtin_ctzll(wanted[1]));
    cpu_changed(*task);
  }
  return 0;
}

long sched_setparam(int tid, const void* parameters) {
  int priority;
  const Task* task = task_of(tid);
  if (!get_user(priority, parameters)) return -EFAULT;
  if (task == nullptr) return -ESRCH;
  return set_policy(tid, thread_of(*task).policy, priority);
}

long sched_getparam(int tid, void* parameters) {
  const Task* task = task_of(tid);
  if (tid < 0) return -EINVAL;
  if (task == nullptr) return -ESRCH;
  return put_user(thread_of(*task).priority, parameters) ? 0 : -EFAULT;
}

long sched_setscheduler(int tid, int policy, const void* parameters) {
  int priority;
  if (!get_user(priority, parameters)) return -EFAULT;
  return set_policy(tid, policy, priority);
}

long sched_getscheduler(int tid) {
  const Task* task = task_of(tid);
  if (tid < 0) return -EINVAL;
  return task == nullptr ? -ESRCH : thread_of(*task).policy;
}

long sched_rr_get_interval(int tid, void* interval) {
  if (task_of(tid) == nullptr) return -ESRCH;
  const std::int64_t time[2] = {0, 100'000'000};
  return put_user(time, interval) ? 0 : -EFAULT;
}

long sched_setattr(int tid, const void* attributes, unsigned flags) {
  SchedulingAttributes wanted;
  if (flags != 0) return -EINVAL;
  if (!get_user(wanted, attributes)) return -EFAULT;
  return set_policy(tid, static_cast<int>(wanted.policy), static_cast<int>(wanted.priority));
}

long sched_getattr(int tid, void* attributes, unsigned bytes, unsigned flags) {
  const Task* task = task_of(tid);
  if (flags != 0 || bytes < sizeof(SchedulingAttributes)) return -EINVAL;
  if (task == nullptr) return -ESRCH;
  const auto& thread = thread_of(*task);
  const SchedulingAttributes value{.size = sizeof value,
                                   .policy = static_cast<std::uint32_t>(thread.policy),
                                   .flags = 0,
                                   .nice = thread.nice,
                                   .priority = static_cast<std::uint32_t>(thread.priority),
                                   .runtime = 0,
                                   .deadline = 0,
                                   .period = 0};
  return put_user(value, attributes) ? 0 : -EFAULT;
}

long getpriority(int which, int who) {
  if (which < PRIO_PROCESS || which > PRIO_USER) return -EINVAL;
  const Task* task = which == PRIO_PROCESS ? task_of(who) : &current_task();
  if (task == nullptr) return -ESRCH;
  return 20 - thread_of(*task).nice;  // the kernel's encoding; libc turns it round
}

long setpriority(int which, int who, int value) {
  if (which < PRIO_PROCESS || which > PRIO_USER) return -EINVAL;
  Task* task = which == PRIO_PROCESS ? task_of(who) : &current_task();
  if (task == nullptr) return -ESRCH;
  const int wanted = value < -20 ? -20 : value > 19 ? 19 : value;
  if (wanted < thread_of(*task).nice && raw(__NR_geteuid) != 0) return -EACCES;
  thread_of(*task).nice = wanted;
  return 0;
}

long prlimit64(int pid, int resource, const void* wanted, void* old) {
  const Process* process = pid == 0 ? &current_process() : find_process(pid);
  if (process == nullptr) return -ESRCH;
  return raw(__NR_prlimit64, process->real_pid, resource, wanted, old);
}

long prctl(int option, std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  Process& process = current_process();
  ThreadState& thread = current_thread();
  switch (option) {
    case PR_SET_NAME: return set_name(reinterpret_cast<const char*>(a));
    case PR_GET_NAME: {
      return copy_to_user(reinterpret_cast<void*>(a), current_task().name, kTaskNameBytes)
                 ? 0
                 : -EFAULT;
    }
    case PR_SET_PDEATHSIG:
      if (a > 64) return -EINVAL;
      thread.death_signal = static_cast<std::int32_t>(a);
      return 0;
    case PR_GET_PDEATHSIG:
      return put_user(thread.death_signal, reinterpret_cast<void*>(a)) ? 0 : -EFAULT;
    case PR_SET_CHILD_SUBREAPER: process.subreaper = a != 0; return 0;
    case PR_GET_CHILD_SUBREAPER:
      return put_user(std::int32_t{process.subreaper}, reinterpret_cast<void*>(a)) ? 0 : -EFAULT;
    case PR_SET_TIMERSLACK:
      thread.timer_slack_ns = a != 0 ? a : thread.default_timer_slack_ns;
      return 0;
    case PR_GET_TIMERSLACK: return static_cast<long>(thread.timer_slack_ns);
    case PR_GET_TSC:
      return put_user(std::int32_t{PR_TSC_ENABLE}, reinterpret_cast<void*>(a)) ? 0 : -EFAULT;
    case PR_SET_TSC: return a == PR_TSC_ENABLE ? 0 : -EINVAL;
    case PR_GET_SECCOMP: return 0;
    case PR_SET_SECCOMP: return 0;  // recorded in the trace by its number, not installed
    case PR_SET_PTRACER: return 0;
    case 59 /* PR_SET_SYSCALL_USER_DISPATCH */: return -EINVAL;
    case PR_TASK_PERF_EVENTS_DISABLE:
    case PR_TASK_PERF_EVENTS_ENABLE: return 0;
    default: return raw(__NR_prctl, option, a, b, c, d);
  }
}

long arch_prctl(int code, std::uint64_t value) {
  switch (code) {
    case 0x1001:
    case 0x1002:
    case 0x1003:
    case 0x1004:  // SET_GS, SET_FS, GET_FS, GET_GS
      return raw(__NR_arch_prctl, code, value);
    case 0x1011: return 1;                         // ARCH_GET_CPUID: enabled
    case 0x1012: return value != 0 ? 0 : -ENODEV;  // ARCH_SET_CPUID
    case 0x1021:
    case 0x1022: return raw(__NR_arch_prctl, code, value);  // XCOMP_SUPP, XCOMP_PERM
    case 0x1023: return -EOPNOTSUPP;                        // REQ_XCOMP_PERM: AMX is refused
    default: return -EINVAL;
  }
}

// -- process groups and sessions: the world's own

long getpgid(int pid) {
  const Process* process = pid == 0 ? &current_process() : find_process(pid);
  return process == nullptr ? -ESRCH : process->group;
}

long getpgrp() { return current_process().group; }

long getsid(int pid) {
  const Process* process = pid == 0 ? &current_process() : find_process(pid);
  return process == nullptr ? -ESRCH : process->session;
}

long setpgid(int pid, int group) {
  Process& me = current_process();
  Process* process = pid == 0 ? &me : find_process(pid);
  if (group < 0) return -EINVAL;
  if (process == nullptr || (process != &me && process->parent != me.pid)) return -ESRCH;
  if (process->session == process->pid || process->session != me.session) return -EPERM;
  if (process != &me && process->executed) return -EACCES;
  const int wanted = group == 0 ? process->pid : group;
  if (wanted != process->pid) {
    bool exists = false;
    auto& w = world();
    for (std::uint32_t i = 0; i < w.processes_used; ++i) {
      const Process& other = w.processes[i];
      exists = exists || (other.state != ProcessState::unused && other.group == wanted &&
                          other.session == me.session);
    }
    if (!exists) return -EPERM;
  }
  process->group = wanted;
  return 0;
}

long setsid() {
  Process& me = current_process();
  auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    if (w.processes[i].state != ProcessState::unused && w.processes[i].group == me.pid) {
      return -EPERM;
    }
  }
  me.group = me.session = me.pid;
  return me.pid;
}

}  // namespace model
}  // namespace detsim
