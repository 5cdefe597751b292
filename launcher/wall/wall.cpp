// About no_new_privs: a process with CAP_SYS_ADMIN may install a filter without it. It is left
// off where it can be, because it cannot be taken back and changes what execve does with file
// capabilities and set-user-ID programs further down, in processes that are otherwise as the
// user left them. Everybody else needs it (seccomp(2)).
#include "launcher/wall/wall.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

namespace detsim {
namespace {

constexpr sock_filter kFilter[] = {
#include "launcher/wall/filter.inc"
};

int install_filter() {
  const sock_fprog program{.len = std::size(kFilter), .filter = const_cast<sock_filter*>(kFilter)};
  // A filter must not slow the target down by switching speculation off.
  constexpr unsigned kFlags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kFlags, &program) == 0 ? 0 : errno;
}

}  // namespace

int install_wall() {
  const int error = install_filter();
  if (error != EACCES && error != EPERM) return error;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? install_filter() : errno;
}

}  // namespace detsim
