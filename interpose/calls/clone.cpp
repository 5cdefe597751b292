// clone, clone3, fork, vfork: threads become tasks on fibers, processes become kernel processes
// that take turns. glibc's own code runs above it (pthread_create, posix_spawn, fork).
#include <asm-generic/errno.h>
#include <linux/sched.h>
#include <signal.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/image.hpp"
#include "interpose/calls/ipc.hpp"
#include "interpose/calls/pidfds.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/events.hpp"
#include "interpose/entry/prefix.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/entry/trap.hpp"

extern "C" long detsim_clone_shared(std::uint64_t flags, std::uint64_t stack, std::uint64_t frame,
                                    int* pidfd);

namespace detsim {
namespace {

struct CloneRequest {  // clone3's struct clone_args, as far as it is modelled
  std::uint64_t flags = 0, pidfd = 0, child_tid = 0, parent_tid = 0, exit_signal = 0;
  std::uint64_t stack = 0, stack_bytes = 0, tls = 0;
};

constexpr std::uint64_t kClearHandlers = 1ull << 32;  // CLONE_CLEAR_SIGHAND
constexpr std::uint64_t kIntoGroup = 1ull << 33;      // CLONE_INTO_CGROUP

constexpr std::uint64_t kVforkSpace =
    3;  // WaitKey::space of a parent that waits for its vfork child

constexpr std::uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME;

// The child's side of the call: result 0, its own stack if it was given one.
Frame child_frame(const CloneRequest& request) {
  Frame child = current_frame();
  child.rax = 0;
  if (request.stack != 0) child.rsp = request.stack + request.stack_bytes;
  return child;
}

void set_thread_state(const CloneRequest& request, Task& task) {
  ThreadState& thread = thread_of(task);
  thread.fs_base = (request.flags & CLONE_SETTLS) != 0 ? request.tls : current_fs_base();
  thread.gs_base = current_gs_base();
  if ((request.flags & CLONE_CHILD_CLEARTID) != 0) thread.clear_child_tid = request.child_tid;
  if ((request.flags & CLONE_CHILD_SETTID) != 0) thread.set_child_tid = request.child_tid;
}

void announce(const Task& task) {
  record({.kind = EventKind::start, .result = task.tid, .detail = task.process});
}

bool valid(const CloneRequest& r) {
  const auto has = [&r](std::uint64_t flag) { return (r.flags & flag) != 0; };
  if (has(CLONE_THREAD) && !has(CLONE_SIGHAND)) return false;
  if (has(CLONE_SIGHAND) && !has(CLONE_VM)) return false;
  if (has(CLONE_THREAD) && has(CLONE_PIDFD)) return false;
  return (r.flags & kNamespaces) == 0 && r.exit_signal <= 64;
}

long clone_thread(const CloneRequest& request) {
  const auto stack = allocate_stack();
  if (stack == 0) return -EAGAIN;
  Task* task = start_task(current_process(), &current_task());
  if (task == nullptr) {
    free_stack(stack);
    return -EAGAIN;
  }
  set_thread_state(request, *task);
  if ((request.flags & CLONE_PARENT_SETTID) != 0) {
    put_user(task->tid, reinterpret_cast<void*>(request.parent_tid));
  }
  if ((request.flags & CLONE_CHILD_SETTID) != 0) {
    put_user(task->tid, reinterpret_cast<void*>(request.child_tid));
  }
  prepare_fiber(*task, stack, child_frame(request));
  announce(*task);
  const auto tid = task->tid;
  scheduling_point({OperationKind::start, static_cast<std::uint64_t>(tid)});
  return tid;
}

struct Child {
  Process* process;
  Task* task;
};

// The entries of a new process in the world; the kernel process comes afterwards.
Child start_child(const CloneRequest& request) {
  Process* process = start_process(&current_process());
  if (process == nullptr) return {};
  Task* task = start_task(*process, &current_task());
  if (task == nullptr) {
    process->state = ProcessState::unused;
    return {};
  }
  process->pid = task->tid;
  process->exit_signal = static_cast<std::int32_t>(request.exit_signal);
  if ((request.flags & CLONE_PARENT) != 0) process->parent = current_process().parent;
  if ((request.flags & CLONE_VM) != 0) process->address_space = current_process().address_space;
  set_thread_state(request, *task);
  if ((request.flags & CLONE_VM) == 0) copy_attachments(current_process(), *process);
  inherit_descriptors(current_process(), *process, (request.flags & CLONE_FILES) != 0);
  auto& from = current_thread();
  auto& thread = thread_of(*task);
  if ((request.flags & CLONE_VM) == 0 || (request.flags & CLONE_VFORK) != 0) {
    thread.alternate_stack = from.alternate_stack;
    thread.alternate_bytes = from.alternate_bytes;
    thread.alternate_flags = from.alternate_flags;
  }
  if ((request.flags & CLONE_VM) == 0) {  // the area was copied (rseq_fork)
    thread.rseq = from.rseq;
    thread.rseq_bytes = from.rseq_bytes;
    thread.rseq_signature = from.rseq_signature;
  }
  if ((request.flags & kClearHandlers) != 0) {
    for (auto& action : process->actions) {
      if (action.handler > 1) action = {};
    }
  }
  return {process, task};
}

void undo_child(const Child& child) {
  world().scheduler.end(*child.task);
  forget_descriptors(*child.process);
  forget_attachments(*child.process);
  child.process->state = ProcessState::unused;
}

void give_pidfd(const CloneRequest& request, const Process& child, int pidfd) {
  set_descriptor(pidfd, {DescriptorKind::pidfd, pidfd_object(child.real_pid)});
  put_user(pidfd, reinterpret_cast<void*>(request.pidfd));
}

long finish_parent(const CloneRequest& request, const Child& child) {
  const auto tid = child.task->tid;
  if ((request.flags & CLONE_PARENT_SETTID) != 0) {
    put_user(tid, reinterpret_cast<void*>(request.parent_tid));
  }
  announce(*child.task);
  if ((request.flags & CLONE_VFORK) != 0) {
    child.process->vfork_child = true;
    child.process->vfork_waiter = current_task().id;
    wait_for(WaitKind::vfork, {kVforkSpace, static_cast<std::uint64_t>(tid)}, kNever, false);
  } else {
    scheduling_point({OperationKind::start, static_cast<std::uint64_t>(tid)});
  }
  return tid;
}

// The child of a plain fork: everything private was copied, this shim stack included.
long go_on_as_child(const CloneRequest& request, const Child& child) {
  Process& mine = *child.process;
  ThreadState& thread = thread_of(*child.task);
  const auto stack = cpu().stack_top;
  keep_only_stack(stack);
  thread.stack_top = stack;
  thread.frame = reinterpret_cast<std::uint64_t>(&current_frame());
  arm_dispatch();
  take_own_slice(mine);
  await_baton(mine);
  install(*child.task);
  Frame& f = current_frame();
  f = child_frame(request);
  if (request.stack != 0) f.rsp = request.stack + request.stack_bytes;
  if ((request.flags & CLONE_SETTLS) != 0) raw(__NR_arch_prctl, 0x1002, request.tls);
  if ((request.flags & CLONE_CHILD_SETTID) != 0) {
    put_user(child.task->tid, reinterpret_cast<void*>(request.child_tid));
  }
  cpu().keeps_vector = 1;
  return 0;
}

long clone_process(const CloneRequest& request) {
  const Child child = start_child(request);
  if (child.process == nullptr) return -EAGAIN;
  const auto flags = request.flags & (CLONE_FILES | CLONE_FS | CLONE_IO | CLONE_PIDFD);
  int pidfd = -1;
  const long real_pid = raw(__NR_clone, flags | SIGCHLD, 0, &pidfd, 0, 0);
  if (real_pid == 0) return go_on_as_child(request, child);
  if (real_pid < 0) {
    undo_child(child);
    return real_pid;
  }
  child.process->real_pid = static_cast<std::int32_t>(real_pid);
  if ((request.flags & CLONE_PIDFD) != 0) give_pidfd(request, *child.process, pidfd);
  return finish_parent(request, child);
}

// A child that shares our memory (vfork, posix_spawn, a sanitizer's tracer): a kernel process of
// its own with a shim stack of its own. detsim_cpu is shared too; whoever gets the baton sets it.
long clone_sharing_memory(const CloneRequest& request) {
  const auto stack = allocate_stack();
  if (stack == 0) return -EAGAIN;
  const Child child = map_signal_stack(stack) ? start_child(request) : Child{};
  if (child.process == nullptr) {
    free_stack(stack);
    return -EAGAIN;
  }
  prepare_fiber(*child.task, stack, child_frame(request));
  const auto flags = request.flags & (CLONE_FILES | CLONE_FS | CLONE_IO | CLONE_PIDFD);
  int pidfd = -1;
  const auto below_frame = thread_of(*child.task).frame - 4096;
  const long real_pid = detsim_clone_shared(flags | CLONE_VM | SIGCHLD, below_frame,
                                            reinterpret_cast<std::uint64_t>(child.process), &pidfd);
  if (real_pid < 0) {
    free_stack(stack);
    undo_child(child);
    return real_pid;
  }
  child.process->real_pid = static_cast<std::int32_t>(real_pid);
  if ((request.flags & CLONE_PIDFD) != 0) give_pidfd(request, *child.process, pidfd);
  const long pid = finish_parent(request, child);
  if ((request.flags & CLONE_VFORK) != 0) {
    free_stack(stack);  // else it lives on with the child
    forget_exec_scratch();
  }
  return pid;
}

long do_clone(const CloneRequest& request) {
  if (!valid(request)) return -EINVAL;
  end_prefix();
  if ((request.flags & CLONE_THREAD) != 0) return clone_thread(request);
  if ((request.flags & CLONE_VM) != 0) return clone_sharing_memory(request);
  return clone_process(request);
}

}  // namespace

// First C++ code of a kernel thread made by detsim_clone_shared, on the child's shim stack.
extern "C" void detsim_shared_child(Process* mine) {
  arm_dispatch(thread_of(world().scheduler.tasks[mine->main_task]).stack_top);
  take_own_slice(*mine);
  await_baton(*mine);
  Task& me = world().scheduler.tasks[world().current];
  install(me);
  ThreadState& thread = thread_of(me);
  raw(__NR_arch_prctl, 0x1002, thread.fs_base);
  if (thread.set_child_tid != 0) {
    put_user(me.tid, reinterpret_cast<void*>(thread.set_child_tid));
  }
  detsim_leave(reinterpret_cast<Frame*>(thread.frame));
}

namespace model {

long clone(std::uint64_t flags, std::uint64_t stack, std::uint64_t parent_tid,
           std::uint64_t child_tid, std::uint64_t tls) {
  return do_clone({.flags = flags & ~0xffull,
                   .pidfd = parent_tid,
                   .child_tid = child_tid,
                   .parent_tid = parent_tid,
                   .exit_signal = flags & 0xff,
                   .stack = stack,
                   .stack_bytes = 0,
                   .tls = tls});
}

long clone3(const void* arguments, std::size_t bytes) {
  CloneRequest request;
  if (bytes < sizeof request) return -EINVAL;
  if (!get_user(request, arguments)) return -EFAULT;
  if (bytes >= sizeof request + 16) {  // set_tid, set_tid_size: pids are the world's
    std::uint64_t set_tid[2];
    if (!get_user(set_tid, static_cast<const char*>(arguments) + sizeof request)) return -EFAULT;
    if (set_tid[1] != 0) return -EPERM;
  }
  request.flags &= ~kIntoGroup;  // control groups are outside of the world
  return do_clone(request);
}

long fork() { return do_clone({.exit_signal = SIGCHLD}); }

long vfork() { return do_clone({.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD}); }

long exit(int status) { end_task(status & 0xff); }

long exit_group(int status) { end_process((static_cast<std::uint32_t>(status) & 0xff) << 8); }

long set_tid_address(std::uint64_t address) {
  current_thread().clear_child_tid = address;
  return current_task().tid;
}

long set_robust_list(std::uint64_t head, std::uint64_t bytes) {
  if (bytes != 24) return -EINVAL;
  current_thread().robust_list = head;
  return 0;
}

long get_robust_list(int tid, void* head, void* bytes) {
  const Task* task = tid == 0 ? &current_task() : find_task(tid);
  if (task == nullptr) return -ESRCH;
  if (!put_user(thread_of(*task).robust_list, head)) return -EFAULT;
  return put_user(std::uint64_t{24}, bytes) ? 0 : -EFAULT;
}

/// The area is kept current with the virtual processor's number; since the kernel never migrates
/// or preempts a task inside of a critical section that another task could see, none restarts.
long rseq(std::uint64_t area, std::uint32_t bytes, int flags, std::uint32_t signature) {
  ThreadState& thread = current_thread();
  if ((flags & 1) != 0) {  // RSEQ_FLAG_UNREGISTER
    if (thread.rseq != area) return -EINVAL;
    thread.rseq = 0;
    return 0;
  }
  if (thread.rseq != 0) return thread.rseq == area ? -EBUSY : -EINVAL;
  thread.rseq = area;
  if (!write_rseq_cpu(thread)) {
    thread.rseq = 0;
    return -EFAULT;
  }
  thread.rseq_bytes = bytes;
  thread.rseq_signature = signature;
  return 0;
}

long gettid() { return current_task().tid; }
long getpid() { return current_process().pid; }
long getppid() { return current_process().parent; }

}  // namespace model
}  // namespace detsim
