// AMX tiles need a permission that the kernel gives to a process, if there are any: without it,
// none of the tile state may be in use.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "expect.hpp"

int main() {
  constexpr long request = 0x1023, permitted = 0x1022;  // ARCH_REQ_XCOMP_PERM, ARCH_GET_XCOMP_PERM
  constexpr unsigned long tiles = 18;                   // the component of the tiles' data
  const long result = syscall(SYS_arch_prctl, request, tiles);
  EXPECT(result == 0 || errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS);
  unsigned long mask = 0;
  if (syscall(SYS_arch_prctl, permitted, &mask) == 0) {
    EXPECT_EQ((mask >> tiles & 1) != 0, result == 0);
  }
  return ok();
}
