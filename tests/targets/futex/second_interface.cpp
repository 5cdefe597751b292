// The single-purpose calls of Linux 6.7 (futex_wake, futex_wait, futex_requeue): as the old ones,
// or ENOSYS.
#include "futex/futex.hpp"

constexpr long sys_futex_wake = 454, sys_futex_wait = 455;
constexpr unsigned size_u32 = 2, private_flag = 128;
static int word;

static void* waits(void*) {
  EXPECT_EQ(syscall(sys_futex_wait, &word, 0UL, 0xffUL, size_u32 | private_flag, nullptr,
                    CLOCK_MONOTONIC),
            0);
  return nullptr;
}

int main() {
  if (syscall(sys_futex_wake, &word, 1UL, 1, size_u32 | private_flag) == -1 && errno == ENOSYS) {
    return skip("no futex_wake");
  }
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, waits, nullptr), 0);
  while (syscall(sys_futex_wake, &word, 1UL, 1, size_u32 | private_flag) == 0) sleep_ms(1);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  pthread_t other;
  EXPECT_EQ(pthread_create(&other, nullptr, waits, nullptr), 0);
  wake_exactly(&word, FUTEX_WAKE_PRIVATE, 1);
  EXPECT_EQ(pthread_join(other, nullptr), 0);
  timespec limit = timespec_of_ns(now_ns(CLOCK_MONOTONIC) + 2000000);
  EXPECT_ERRNO(
      syscall(sys_futex_wait, &word, 0UL, 1UL, size_u32 | private_flag, &limit, CLOCK_MONOTONIC),
      ETIMEDOUT);
  EXPECT(now_ns(CLOCK_MONOTONIC) >= limit.tv_sec * 1000000000LL + limit.tv_nsec);
  return ok();
}
