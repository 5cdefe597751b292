#include "interpose/calls/pidfds.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>

#include "interpose/base/raw.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/processes.hpp"

namespace detsim {
namespace {

constexpr unsigned kNonblocking = O_NONBLOCK, kThread = O_EXCL;  // PIDFD_*

}  // namespace

// The kernel's own pidfd stays in place; here it is known by the virtual pid, which is never used
// again.
ObjectId pidfd_object(std::int32_t real_pid) {
  auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const Process& process = w.processes[i];
    if (process.state == ProcessState::unused || process.real_pid != real_pid) continue;
    bool is_new;
    const ObjectId id = object_by_identity(DescriptorKind::pidfd, kPidfdSpace,
                                           static_cast<std::uint64_t>(process.pid), is_new);
    object_of(id).value = static_cast<std::uint64_t>(process.pid);
    object_of(id).exact = true;
    return id;
  }
  return make_object(DescriptorKind::pidfd);
}

void tell_pidfds(const Process& process) {
  const ObjectId id = find_object(kPidfdSpace, static_cast<std::uint64_t>(process.pid));
  if (id != kNoObject) io_happened(id, kReadable);
}

Process* process_behind_pidfd(int fd) {
  const Descriptor descriptor = look_up(fd);
  if (descriptor.kind != DescriptorKind::pidfd) return nullptr;
  return find_process(static_cast<std::int32_t>(object_of(descriptor.object).value));
}

namespace model {

long pidfd_open(int pid, unsigned flags) {
  if (pid <= 0 || (flags & ~(kNonblocking | kThread)) != 0) return -EINVAL;
  const Process* process = find_process(pid);
  if (process == nullptr) return find_task(pid) != nullptr ? -ENOENT : -ESRCH;
  const long fd = raw(__NR_pidfd_open, process->real_pid, flags & kNonblocking);
  if (fd < 0) return fd;
  set_descriptor(static_cast<int>(fd), {DescriptorKind::pidfd, pidfd_object(process->real_pid)});
  return fd;
}

long pidfd_send_signal(int fd, int number, const void* from, unsigned flags) {
  if ((flags & ~7u) != 0) return -EINVAL;
  const Descriptor descriptor = look_up(fd);
  if (descriptor.kind != DescriptorKind::pidfd) return -EBADF;
  Process* process = process_behind_pidfd(fd);
  if (process == nullptr) return -ESRCH;
  if (from != nullptr) return rt_sigqueueinfo(process->pid, number, from);
  return kill(process->pid, number);
}

}  // namespace model
}  // namespace detsim
