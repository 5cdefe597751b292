// Run by the build: prints the seccomp filter of the outer wall as rows of C++, one instruction
// each. libseccomp takes a tenth of a short run to make it, and it never differs.
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "launcher/call_table.hpp"

namespace {

using namespace detsim;

// Modelled, and never asked of the kernel by the shim: what still arrives comes from the vsyscall
// page, which has exactly these three, and goes to the shim's handler.
constexpr int kVsyscalls[] = {SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getcpu)};

// Refusals with another error than ENOSYS are the shim's own: it may need such a call itself,
// and the kernel restarts some through a call of its own (restart_syscall).
bool stands_in_the_wall(const CallRow& row) {
  return row.support == CallSupport::refused && row.error == ENOSYS;
}

int build(scmp_filter_ctx filter) {
  const auto refusal = SCMP_ACT_ERRNO(ENOSYS);
  // i386 and x32 entries into the kernel.
  int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, refusal);
  // A binary tree, since the refused numbers are spread.
  if (error == 0) error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  for (const auto& row : call_rows()) {
    if (error != 0 || !stands_in_the_wall(row)) continue;
    error = seccomp_rule_add(filter, refusal, row.number, 0);
  }
  for (const int number : kVsyscalls) {
    if (error == 0) error = seccomp_rule_add(filter, SCMP_ACT_TRAP, number, 0);
  }
  return error;
}

}  // namespace

int main() {
  const auto filter = seccomp_init(SCMP_ACT_ALLOW);
  int error = filter == nullptr ? -ENOMEM : build(filter);
  const int fd = memfd_create("filter", MFD_CLOEXEC);
  if (error == 0) error = seccomp_export_bpf(filter, fd);
  seccomp_release(filter);
  if (error != 0) {
    fmt::print(stderr, "cannot build the seccomp filter: {}\n", std::strerror(-error));
    return 1;
  }
  lseek(fd, 0, SEEK_SET);
  sock_filter row;
  while (read(fd, &row, sizeof row) == sizeof row) {
    fmt::print("{{{:#x}, {}, {}, {:#x}}},\n", row.code, row.jt, row.jf, row.k);
  }
  return 0;
}
