// What the kernel refuses: misaligned words, no bitset, unknown operations, bad addresses.
#include "futex/futex.hpp"

int main() {
  static int words[2] = {0, 0};
  void* misaligned = reinterpret_cast<char*>(words) + 1;
  EXPECT_ERRNO(futex(misaligned, FUTEX_WAIT_PRIVATE, 0), EINVAL);
  EXPECT_ERRNO(futex(misaligned, FUTEX_WAKE_PRIVATE, 1), EINVAL);
  EXPECT_ERRNO(futex(words, FUTEX_WAIT_BITSET_PRIVATE, 0, nullptr, nullptr, 0), EINVAL);
  EXPECT_ERRNO(futex(words, FUTEX_WAKE_BITSET_PRIVATE, 1, nullptr, nullptr, 0), EINVAL);
  EXPECT_ERRNO(futex(words, 99, 0), ENOSYS);
  EXPECT_ERRNO(futex(words, FUTEX_FD, 0), ENOSYS);
  void* hole = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(hole != MAP_FAILED);
  EXPECT_EQ(munmap(hole, 4096), 0);
  EXPECT_ERRNO(futex(hole, FUTEX_WAIT_PRIVATE, 0), EFAULT);
  EXPECT_ERRNO(futex(hole, FUTEX_WAIT, 0), EFAULT);
  EXPECT_ERRNO(futex(hole, FUTEX_WAKE, 1), EFAULT);
  EXPECT_EQ(futex(hole, FUTEX_WAKE_PRIVATE, 1), 0);
  timespec* bad_time = static_cast<timespec*>(hole);
  EXPECT_ERRNO(futex(words, FUTEX_WAIT_PRIVATE, 0, bad_time), EFAULT);
  EXPECT_ERRNO(futex_counts(words, FUTEX_CMP_REQUEUE_PRIVATE, 1, 1, misaligned, 0), EINVAL);
  return ok();
}
