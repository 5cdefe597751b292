#include "interpose/disk/told.hpp"

#include <linux/kcmp.h>

#include "interpose/base/raw.hpp"
#include "interpose/entry/cpu.hpp"

namespace detsim::disk {
namespace {

std::int32_t own_pid() { return static_cast<std::int32_t>(raw(__NR_getpid)); }

bool is_same(std::int32_t pid, int fd, std::int32_t other_pid, int other_fd) {
  if (pid == other_pid && fd == other_fd) return true;
  return raw(__NR_kcmp, pid, other_pid, KCMP_FILE, fd, other_fd) == 0;
}

// Who inherited the open file has it under the same number, and may outlive this process.
void tell(const DiskNode& node, int fd) {
  auto& state = disk_state();
  const auto& w = world();
  const auto own = own_pid();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const auto& process = w.processes[i];
    const bool lives = process.state == ProcessState::live;
    if (!lives || !is_same(own, fd, process.real_pid, fd)) continue;
    state.told[state.told_so_far++ % kToldMax] = {.node = number_of(state, node),
                                                  .failures = node.failures,
                                                  .real_pid = process.real_pid,
                                                  .fd = fd};
  }
}

bool is_told(const DiskNode& node, int fd) {
  auto& state = disk_state();
  const auto number = number_of(state, node);
  const auto pid = own_pid();
  for (const auto& told : state.told) {
    if (told.node != number || told.failures != node.failures) continue;
    if (is_same(pid, fd, told.real_pid, told.fd)) return true;
  }
  return false;
}

}  // namespace

bool is_same_open_file(int fd, int other) { return is_same(own_pid(), fd, own_pid(), other); }

void note_failure(DiskNode& node, int fd, int error) {
  ++node.failures;
  node.failed_how = error;
  if (fd >= 0) tell(node, fd);
}

void note_opened(int fd) {
  const auto* node = disk_file(fd);
  if (node != nullptr && node->failures != 0) tell(*node, fd);
}

int take_failure(const DiskNode& node, int fd) {
  if (node.failures == 0 || is_told(node, fd)) return 0;
  tell(node, fd);
  return node.failed_how;
}

}  // namespace detsim::disk
