// Shared futexes between processes: in an inherited anonymous mapping, in a memfd mapped at two
// addresses, in a System V segment; and not in memory that fork copied.
#include <sys/ipc.h>
#include <sys/shm.h>

#include "futex/futex.hpp"

static void hand_over(int* ours, int* theirs) {
  __atomic_store_n(ours, 0, __ATOMIC_SEQ_CST);
  const pid_t child = start_child([&] {
    while (__atomic_load_n(theirs, __ATOMIC_SEQ_CST) == 0) futex(theirs, FUTEX_WAIT, 0);
    __atomic_store_n(theirs, 2, __ATOMIC_SEQ_CST);
    EXPECT(futex(theirs, FUTEX_WAKE, 1) >= 0);
  });
  sleep_ms(2);
  __atomic_store_n(ours, 1, __ATOMIC_SEQ_CST);
  EXPECT(futex(ours, FUTEX_WAKE, 1) <= 1);
  while (__atomic_load_n(ours, __ATOMIC_SEQ_CST) == 1) futex(ours, FUTEX_WAIT, 1);
  EXPECT_EQ(*ours, 2);
  EXPECT_CHILD_OK(child);
}

int main() {
  void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT(memory != MAP_FAILED);
  hand_over(static_cast<int*>(memory), static_cast<int*>(memory));

  const int fd = memfd_create("futex", 0);
  EXPECT(fd >= 0);
  EXPECT_EQ(ftruncate(fd, 8192), 0);
  void* first = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
  void* second = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
  EXPECT(first != MAP_FAILED && second != MAP_FAILED);
  hand_over(static_cast<int*>(first) + 3, static_cast<int*>(second) + 3);

  const int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  EXPECT(segment >= 0);
  void *a = shmat(segment, nullptr, 0), *b = shmat(segment, nullptr, 0);
  EXPECT_EQ(shmctl(segment, IPC_RMID, nullptr), 0);
  hand_over(static_cast<int*>(a), static_cast<int*>(b));

  static int copied = 0;
  const pid_t child = start_child([&] {
    timespec limit = {0, 5000000};
    EXPECT_ERRNO(futex(&copied, FUTEX_WAIT, 0, &limit), ETIMEDOUT);
  });
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(futex(&copied, FUTEX_WAKE, 1), 0);
    sleep_ms(1);
  }
  EXPECT_CHILD_OK(child);
  return ok();
}
