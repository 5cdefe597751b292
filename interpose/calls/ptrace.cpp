#include "interpose/calls/ptrace.hpp"

#include <asm-generic/errno.h>
#include <elf.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <sys/uio.h>

#include "interpose/base/library.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/requests.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

// <asm/ptrace-abi.h>; its other names clash with those of the C library.
constexpr int kGetRegisters = 12;

struct Registers {  // struct user_regs_struct; begins as a Frame does
  std::uint64_t general[15];
  std::uint64_t original_rax, rip, cs, flags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};
static_assert(sizeof(Registers) == 27 * 8);

constexpr std::uint64_t kUserCode = 0x33, kUserData = 0x2b;

bool shares_our_memory(const Task& task) {
  const Process& me = current_process();
  const Process& its = process_of(task);
  return &its != &me && its.address_space == me.address_space;
}

Registers registers_of(const Task& task) {
  const ThreadState& thread = thread_of(task);
  const auto& frame = *reinterpret_cast<const Frame*>(thread.frame);
  Registers result = {};
  memcpy(result.general, &frame, sizeof result.general);
  result.original_rax = frame.number;
  result.rip = frame.rip;
  result.cs = kUserCode;
  result.flags = frame.flags;
  result.rsp = frame.rsp;
  result.ss = kUserData;
  result.fs_base = thread.fs_base;
  result.gs_base = thread.gs_base;
  return result;
}

long refuse() {
  tell_user(
      "ptrace is refused (EPERM): a tracer would see detsim itself and real time; trace the "
      "program natively, or detsim from outside");
  return -EPERM;
}

long attach(Task& task) {
  ThreadState& thread = thread_of(task);
  if (thread.tracer != 0) return -EPERM;
  thread.tracer = current_process().pid;
  thread.tracer_was_told = false;
  world().scheduler.hold(task, true);
  return 0;
}

void detach(Task& task) {
  thread_of(task).tracer = 0;
  world().scheduler.hold(task, process_of(task).stopped);
}

long get_register_set(const Task& task, std::uint64_t type, void* where) {
  iovec room;
  if (!get_user(room, where)) return -EFAULT;
  if (type != NT_PRSTATUS) return -EINVAL;
  const auto registers = registers_of(task);
  if (room.iov_len > sizeof registers) room.iov_len = sizeof registers;
  if (!copy_to_user(room.iov_base, &registers, room.iov_len)) return -EFAULT;
  return put_user(room, where) ? 0 : -EFAULT;
}

long serve(int request, Task& task, std::uint64_t address, std::uint64_t data) {
  switch (request) {
    case PTRACE_DETACH:
    case PTRACE_CONT: detach(task); return 0;
    case PTRACE_KILL: post(process_of(task), {.number = SIGKILL, .code = SI_USER}); return 0;
    case kGetRegisters:
      return put_user(registers_of(task), reinterpret_cast<void*>(data)) ? 0 : -EFAULT;
    case PTRACE_GETREGSET: return get_register_set(task, address, reinterpret_cast<void*>(data));
    default: return -EIO;
  }
}

}  // namespace

Task* take_trace_stop(std::int32_t tid) {
  Task* task = find_task(tid);
  if (task == nullptr || thread_of(*task).tracer != current_process().pid) return nullptr;
  if (thread_of(*task).tracer_was_told) return nullptr;
  thread_of(*task).tracer_was_told = true;
  return task;
}

void end_tracing_by(const Process& tracer) {
  auto& scheduler = world().scheduler;
  for (TaskId id = 0; id < scheduler.tasks_used; ++id) {
    Task& task = scheduler.tasks[id];
    const bool alive = task.state == TaskState::runnable || task.state == TaskState::waiting;
    if (alive && thread_of(task).tracer == tracer.pid) detach(task);
  }
}

namespace model {

long ptrace(int request, int tid, std::uint64_t address, std::uint64_t data) {
  if (request == PTRACE_TRACEME) return refuse();
  Task* task = find_task(tid);
  if (task == nullptr) return -ESRCH;
  if (!shares_our_memory(*task)) return refuse();
  if (request == PTRACE_ATTACH) return attach(*task);
  if (thread_of(*task).tracer != current_process().pid) return -ESRCH;
  return serve(request, *task, address, data);
}

}  // namespace model
}  // namespace detsim
