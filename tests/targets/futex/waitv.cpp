// futex_waitv: tells which of several words was woken, EAGAIN, ETIMEDOUT. A kernel or sandbox
// without it says ENOSYS.
#include "futex/futex.hpp"

static int words[3];
static long result;

static long waitv(const timespec* limit) {
  futex_waitv list[3] = {};
  for (int i = 0; i < 3; ++i) {
    list[i].uaddr = reinterpret_cast<unsigned long>(&words[i]);
    list[i].flags = FUTEX_32 | FUTEX_PRIVATE_FLAG;
  }
  return syscall(SYS_futex_waitv, list, 3, 0, limit, CLOCK_MONOTONIC);
}
static void* waits(void*) {
  result = waitv(nullptr);
  return nullptr;
}

int main() {
  timespec limit = timespec_of_ns(now_ns(CLOCK_MONOTONIC) + 3000000);
  if (waitv(&limit) == -1 && errno == ENOSYS) return skip("no futex_waitv");
  EXPECT_EQ(errno, ETIMEDOUT);
  EXPECT(now_ns(CLOCK_MONOTONIC) >= limit.tv_sec * 1000000000LL + limit.tv_nsec);
  words[1] = 1;
  EXPECT_ERRNO(waitv(&limit), EAGAIN);
  words[1] = 0;
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, waits, nullptr), 0);
  wake_exactly(&words[2], FUTEX_WAKE_PRIVATE, 1);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(result, 2);
  EXPECT_EQ(futex(&words[0], FUTEX_WAKE_PRIVATE, 1), 0);
  return ok();
}
