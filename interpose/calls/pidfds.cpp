#include "interpose/calls/pidfds.hpp"

#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/processes.hpp"

namespace detsim {

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

}  // namespace detsim
