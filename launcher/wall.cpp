// About no_new_privs: a process with CAP_SYS_ADMIN may install a filter without it. It is left
// off where it can be, because it cannot be taken back and changes what execve does with file
// capabilities and set-user-ID programs further down, in processes that are otherwise as the
// user left them. Everybody else needs it (seccomp(2)).
#include "launcher/wall.hpp"

#include <fmt/format.h>
#include <seccomp.h>

#include <cerrno>
#include <cstring>

#include "launcher/call_table.hpp"

namespace detsim {
namespace {

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
  // A filter must not slow the target down by switching speculation off.
  if (error == 0) error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
  // The kernel's own errno from seccomp_load().
  if (error == 0) error = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
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

Wall::Wall(std::string& problem) {
  filter_ = seccomp_init(SCMP_ACT_ALLOW);
  const int error = filter_ == nullptr ? -ENOMEM : build(filter_);
  if (error != 0) problem = fmt::format("cannot build the seccomp filter: {}", strerror(-error));
}

Wall::~Wall() { seccomp_release(filter_); }

int Wall::install() const {
  seccomp_attr_set(filter_, SCMP_FLTATR_CTL_NNP, 0);
  int error = seccomp_load(filter_);
  if (error == -EACCES || error == -EPERM) {
    seccomp_attr_set(filter_, SCMP_FLTATR_CTL_NNP, 1);
    error = seccomp_load(filter_);
  }
  return -error;
}

}  // namespace detsim
