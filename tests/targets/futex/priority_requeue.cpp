// FUTEX_WAIT_REQUEUE_PI and FUTEX_CMP_REQUEUE_PI: the waiter comes back owning the PI word. No C
// library uses them any more, so a sandbox may refuse them, but aloud.
#include "futex/futex.hpp"

static int condition;
static unsigned mutex;
static int volatile refused, owned;

static void* waits(void*) {
  const long result =
      syscall(SYS_futex, &condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, nullptr, &mutex, 0);
  if (result == -1 && errno == ENOSYS) {
    refused = 1;
    return nullptr;
  }
  EXPECT_EQ(result, 0);
  EXPECT_EQ(mutex & FUTEX_TID_MASK, static_cast<unsigned>(gettid()));
  owned = 1;
  EXPECT_EQ(futex(&mutex, FUTEX_UNLOCK_PI_PRIVATE, 0), 0);
  return nullptr;
}

int main() {
  EXPECT_EQ(futex(&mutex, FUTEX_LOCK_PI_PRIVATE, 0), 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, waits, nullptr), 0);
  long moved = 0;
  while (moved == 0 && !refused) {
    sleep_ms(1);
    moved = futex_counts(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, 0, &mutex, 0);
    if (moved == -1 && errno == ENOSYS) break;
    EXPECT(moved >= 0);
  }
  EXPECT_EQ(owned, 0);
  EXPECT_EQ(futex(&mutex, FUTEX_UNLOCK_PI_PRIVATE, 0), 0);
  if (moved == -1 && !refused) return skip("FUTEX_CMP_REQUEUE_PI is refused");
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  if (refused) return skip("FUTEX_WAIT_REQUEUE_PI is refused");
  EXPECT_EQ(owned, 1);
  return ok();
}
