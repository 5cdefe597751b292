#include "interpose/calls/processes.hpp"

#include <asm-generic/errno-base.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>

#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/futex.hpp"
#include "interpose/calls/ipc.hpp"
#include "interpose/calls/job_control.hpp"
#include "interpose/calls/pidfds.hpp"
#include "interpose/calls/ptrace.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/calls/timers.hpp"
#include "interpose/entry/copied_code.hpp"
#include "interpose/entry/events.hpp"
#include "interpose/entry/requests.hpp"
#include "interpose/entry/rewind.hpp"
#include "interpose/entry/switch.hpp"
#include "scheduler/invariant.hpp"
#include "scheduler/limits.hpp"
#include "scheduler/prefix.hpp"

extern "C" [[noreturn]] void detsim_give_baton_and_exit(std::uint32_t* baton, std::uint64_t status);

namespace detsim {
namespace {

template <typename Visit>
void for_each_process(Visit visit) {
  auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    if (w.processes[i].state != ProcessState::unused) visit(w.processes[i]);
  }
}

// Children of a process that ended go to the nearest subreaper above it, else to init.
std::int32_t new_parent_for_children_of(const Process& process) {
  for (Process* p = find_process(process.parent); p != nullptr; p = find_process(p->parent)) {
    if (p->subreaper && p->state == ProcessState::live) return p->pid;
  }
  return kInitPid;
}

bool ignores_children(const Process& parent) {
  const auto& action = parent.actions[SIGCHLD];
  return action.handler == 1 /* SIG_IGN */ || (action.flags & SA_NOCLDWAIT) != 0;
}

void release_entry(Process& process) { process.state = ProcessState::unused; }

// PR_SET_PDEATHSIG is each task's own.
void send_death_signals(Process& child, std::int32_t parent) {
  for_each_task(child, [parent](Task& task) {
    const auto number = thread_of(task).death_signal;
    if (number == 0) return;
    post(process_of(task), {.number = number, .code = SI_USER, .pid = parent, .uid = real_uid()});
  });
}

// clear_child_tid at the end of a process matters only to whoever shares its memory
// (mm_release in kernel/fork.c).
void clear_shared_tids(Process& process) {
  bool shared = false;
  for_each_process([&](Process& other) {
    shared = shared || (&other != &process && other.state == ProcessState::live &&
                        other.address_space == process.address_space);
  });
  if (!shared) return;
  for_each_task(process, [](Task& task) {
    if (thread_of(task).clear_child_tid != 0) clear_child_tid(task);
  });
}

void hand_children_on(Process& process) {
  const auto heir = new_parent_for_children_of(process);
  for_each_process([&](Process& child) {
    if (child.parent != process.pid || &child == &process) return;
    child.parent = heir;
    if (child.state == ProcessState::live) {
      send_death_signals(child, process.pid);
      release_orphaned_group(child, process.group, process.session);
    }
    if (child.state != ProcessState::zombie) return;
    if (heir == kInitPid) {
      release_entry(child);
    } else {
      tell_parent(child);
    }
  });
}

// Choosing goes on without this process; its kernel process ends. Whoever gets the baton first
// waits until it is really gone, so that closed descriptors and released locks are seen.
[[noreturn]] void leave_kernel(std::uint32_t status) {
  auto& w = world();
  Process& mine = current_process();
  Task& next = choose_next();
  DETSIM_INVARIANT(&process_of(next) != &mine);
  w.departing = mine.real_pid;
  w.current = next.id;
  w.running_real_pid = static_cast<std::uint32_t>(process_of(next).real_pid);
  detsim_give_baton_and_exit(&process_of(next).baton, (status >> 8) & 0xff);
}

[[noreturn]] void end_run(std::uint32_t status) {
  auto& w = world();
  w.root_status = status;
  w.outcome = Outcome::finished;
  const int exit_code =
      static_cast<int>((status & 0x7f) != 0 ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
  rewind(exit_code);
  __atomic_add_fetch(&w.outcome_word, 1, __ATOMIC_SEQ_CST);
  raw(__NR_futex, &w.outcome_word, FUTEX_WAKE, 1 << 30);
  raw(__NR_exit_group, exit_code);
  __builtin_trap();
}

// A program that forks without end gets EAGAIN, as under RLIMIT_NPROC.
bool may_start_process() {
  RunLimits& limits = run_limits();
  if (limits.processes_max == 0) return true;
  std::uint32_t count = 0;
  for_each_process([&count](const Process&) { ++count; });
  if (count < limits.processes_max) return true;
  if (!limits.refused_process) {
    limits.refused_process = true;
    Text<128> words;
    words << "the run has as many processes as it may (--process-limit "
          << static_cast<std::int64_t>(limits.processes_max) << "): fork fails with EAGAIN";
    tell_user(words.data());
  }
  return false;
}

// Of the first process the kernel takes care when the launcher is killed; from the second on, a
// guardian does, which the launcher starts when it looks.
void announce_second_process() {
  auto& w = world();
  __atomic_add_fetch(&w.outcome_word, 1, __ATOMIC_SEQ_CST);
  raw(__NR_futex, &w.outcome_word, FUTEX_WAKE, 1);
}

}  // namespace

Process* find_process(std::int32_t pid) {
  auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    Process& process = w.processes[i];
    if (process.state != ProcessState::unused && process.pid == pid) return &process;
  }
  return nullptr;
}

Task* find_task(std::int32_t tid) {
  auto& scheduler = world().scheduler;
  for (TaskId id = 0; id < scheduler.tasks_used; ++id) {
    Task& task = scheduler.tasks[id];
    if (task.tid == tid && task.state != TaskState::unused && task.state != TaskState::dead) {
      return &task;
    }
  }
  return nullptr;
}

std::uint32_t real_uid() { return static_cast<std::uint32_t>(raw(__NR_getuid)); }

Process* start_process(Process* parent) {
  auto& w = world();
  if (!may_start_process()) return nullptr;
  std::uint32_t index = 0;
  while (index < w.processes_used && w.processes[index].state != ProcessState::unused) ++index;
  if (index == kProcessesMax) return nullptr;
  if (index == w.processes_used && ++w.processes_used == 2) announce_second_process();
  Process& process = w.processes[index];
  if (parent == nullptr) {
    process = {};
    process.group = w.next_pid;
    process.session = process.parent = kShellPid;
  } else {
    process = *parent;  // handlers, group, session, name and clock offset are inherited
    process.parent = parent->pid;
    process.stopped = process.exec_pending = process.vfork_child = false;
    process.subreaper = process.executed = false;
    process.pending = {};
    process.cpu_ns = process.children_cpu_ns = 0;
    process.vfork_waiter = kNoTask;
    for (auto& timer : process.interval_timers) timer = 0;
    process.next_timer_id = 0;
  }
  process.state = ProcessState::live;
  process.index = index;
  process.baton = 0;
  process.task_count = 0;
  process.main_task = kNoTask;
  process.exit_signal = SIGCHLD;
  process.pid = w.next_pid;
  process.address_space = ++w.next_address_space;
  process.started_ns = w.scheduler.now_ns;
  return &process;
}

Task* start_task(Process& process, const Task* parent) {
  auto& w = world();
  Task* task = w.scheduler.start(parent, current_seed());
  if (task == nullptr) return nullptr;
  auto& thread = thread_of(*task);
  thread = {};
  task->process = process.index;
  task->tid = w.next_pid++;
  if (parent != nullptr) {
    const auto& from = thread_of(*parent);
    memcpy(task->name, parent->name, sizeof task->name);
    thread.signal_mask = from.signal_mask;
    thread.nice = from.nice;
    thread.policy = from.policy;
    thread.priority = from.priority;
    thread.timer_slack_ns = thread.default_timer_slack_ns = from.timer_slack_ns;
    thread.cpu = from.cpu;
    memcpy(thread.affinity, from.affinity, sizeof thread.affinity);
  } else {
    for (unsigned i = 0; i < w.config.cpus; ++i) thread.affinity[i / 64] |= 1ull << (i % 64);
  }
  if (process.main_task == kNoTask) process.main_task = task->id;
  ++process.task_count;
  return task;
}

void tell_parent(Process& child) {
  Process* parent = find_process(child.parent);
  if (parent == nullptr) return;
  const auto status = child.exit_status;
  const bool by_signal = (status & 0x7f) != 0;
  const SignalInfo info{
      .number = child.exit_signal,
      .code = !by_signal             ? CLD_EXITED
              : (status & 0x80) != 0 ? CLD_DUMPED
                                     : CLD_KILLED,
      .pid = child.pid,
      .uid = real_uid(),
      .status = static_cast<std::int32_t>(by_signal ? status & 0x7f : (status >> 8) & 0xff)};
  const bool unwanted = child.exit_signal == SIGCHLD && ignores_children(*parent);
  const bool is_ignored = unwanted && parent->actions[SIGCHLD].handler == 1;
  if (child.exit_signal != 0 && !is_ignored) post(*parent, info);
  if (unwanted) release_entry(child);
  world().scheduler.wake({kProcessSpace, static_cast<std::uint64_t>(parent->pid)}, ~0u);
}

void bury(Process& process, std::uint32_t status) {
  auto& w = world();
  for_each_task(process, [&](Task& task) {
    process.cpu_ns += task.cpu_ns;
    clear_signals(thread_of(task).pending);
    w.scheduler.end(task);
  });
  process.task_count = 0;
  end_tracing_by(process);
  clear_signals(process.pending);
  forget_timers(process);
  forget_descriptors(process);
  undo_semaphores(process);
  forget_attachments(process);
  release_vfork_parent(process);
  process.state = ProcessState::zombie;
  process.exit_status = status;
  process.ended_order = ++w.ends;
  record({.kind = EventKind::process, .result = process.pid, .detail = status | 1ull << 32});
  hand_children_on(process);
  if (const Process* parent = find_process(process.parent)) {
    release_orphaned_group(process, parent->group, parent->session);
  }
  if (find_process(process.parent) == nullptr) {
    release_entry(process);
  } else {
    tell_parent(process);
  }
  tell_pidfds(process);
}

void bury_lost() {
  auto& w = world();
  Process& lost = w.processes[w.lost_process - 1];
  w.lost_process = 0;
  if (lost.state != ProcessState::live) return;
  // What follows is the dead process's own doing, as at any other end.
  Task* const task = cpu().task;
  Process* const process = cpu().process;
  cpu().process = &lost;
  for_each_task(lost, [](Task& its) { cpu().task = &its; });
  clear_shared_tids(lost);
  bury(lost, w.lost_status);
  cpu().task = task;
  cpu().process = process;
}

void end_task(int status) {
  auto& w = world();
  Task& me = current_task();
  Process& process = current_process();
  auto& thread = current_thread();
  if (me.id == process.main_task) process.exit_status = static_cast<std::uint32_t>(status) << 8;
  release_robust_list(me);
  if (process.task_count == 1) end_process(process.exit_status);
  if (thread.clear_child_tid != 0) clear_child_tid(me);
  record({.kind = EventKind::end, .result = status});
  me.next = {OperationKind::end, 0};
  process.cpu_ns += me.cpu_ns;
  clear_signals(thread.pending);
  --process.task_count;
  w.scheduler.end(me);
  if (me.id == process.main_task) process.main_task = kEndedTask;
  leave_signals(process, thread);
  free_stack(thread.stack_top);
  cpu().keeps_vector = 0;
  reschedule();
  __builtin_trap();
}

void end_process(std::uint32_t status) {
  auto& w = world();
  Process& process = current_process();
  for_each_task(process, [](Task& task) { release_robust_list(task); });
  clear_shared_tids(process);
  const bool is_root = &process == &w.processes[0];
  bury(process, status);
  if (is_root && !has_begun_again()) note_code_used();
  if (is_root) end_run(status);
  leave_kernel(status);
}

void wait_until_gone(std::int32_t real_pid) {
  const long fd = raw(__NR_pidfd_open, real_pid, 0);
  if (fd < 0) return;  // gone and reaped
  pollfd wait{static_cast<int>(fd), POLLIN, 0};
  while (raw(__NR_poll, &wait, 1, -1) == -EINTR) {  // the watchdog's signal may come at any time
  }
  raw(__NR_close, fd);
}

bool write_rseq_cpu(const ThreadState& thread) {
  const std::uint32_t cpu_ids[2] = {thread.cpu, thread.cpu};
  return thread.rseq == 0 || put_user(cpu_ids, reinterpret_cast<void*>(thread.rseq));
}

std::uint64_t cpu_time_of(const Process& process) {
  std::uint64_t total = process.cpu_ns;
  for_each_task(process, [&total](const Task& task) { total += task.cpu_ns; });
  return total;
}

void end_other_tasks(Process& process, const Task& survivor) {
  for_each_task(process, [&](Task& task) {
    if (&task == &survivor) return;
    release_robust_list(task);
    process.cpu_ns += task.cpu_ns;
    clear_signals(thread_of(task).pending);
    world().scheduler.end(task);
    --process.task_count;
  });
}

void release_vfork_parent(Process& child) {
  if (!child.vfork_child) return;
  child.vfork_child = false;
  if (child.vfork_waiter == kNoTask) return;
  Task& waiter = world().scheduler.tasks[child.vfork_waiter];
  child.vfork_waiter = kNoTask;
  const bool still_waits =
      waiter.state == TaskState::waiting && waiter.wait_kind == WaitKind::vfork;
  if (still_waits) world().scheduler.make_runnable(waiter, Wake::woken);
}

}  // namespace detsim
