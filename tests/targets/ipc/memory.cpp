// shmget, shmat, shmdt, shmctl: contents shared over fork, counts, keys, removal while attached.
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "expect.hpp"

static unsigned long attached(int id) {
  shmid_ds state;
  EXPECT_EQ(shmctl(id, IPC_STAT, &state), 0);
  return state.shm_nattch;
}

int main() {
  const key_t key = 0x5f000000 + getpid();
  EXPECT_ERRNO(shmget(key, 100, 0), ENOENT);
  EXPECT_ERRNO(shmget(key, 0, IPC_CREAT | 0600), EINVAL);
  const int id = shmget(key, 10000, IPC_CREAT | IPC_EXCL | 0640);
  EXPECT(id >= 0);
  EXPECT_ERRNO(shmget(key, 10000, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
  EXPECT_EQ(shmget(key, 5000, 0), id);
  EXPECT_ERRNO(shmget(key, 20000, 0), EINVAL);

  shmid_ds state;
  EXPECT_EQ(shmctl(id, IPC_STAT, &state), 0);
  EXPECT_EQ(state.shm_segsz, 10000);
  EXPECT_EQ(state.shm_perm.mode & 0777, 0640);
  EXPECT_EQ(state.shm_cpid, getpid());
  EXPECT_EQ(state.shm_nattch, 0);
  state.shm_perm.mode = 0600;
  EXPECT_EQ(shmctl(id, IPC_SET, &state), 0);

  int* a = static_cast<int*>(shmat(id, nullptr, 0));
  EXPECT(a != reinterpret_cast<int*>(-1));
  int* b = static_cast<int*>(shmat(id, nullptr, SHM_RDONLY));
  EXPECT(b != reinterpret_cast<int*>(-1) && b != a);
  for (int i = 0; i < 2500; ++i) EXPECT_EQ(a[i], 0);
  a[2000] = 7;
  EXPECT_EQ(b[2000], 7);
  EXPECT_EQ(attached(id), 2);

  // At an address of the caller's choice: aligned, free, or rounded down when asked for.
  void* hole = mmap(nullptr, 16384, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT_EQ(reinterpret_cast<long>(shmat(id, hole, 0)), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(munmap(hole, 16384), 0);
  EXPECT_EQ(reinterpret_cast<long>(shmat(id, static_cast<char*>(hole) + 5, 0)), -1);
  EXPECT_EQ(errno, EINVAL);
  int* c = static_cast<int*>(shmat(id, static_cast<char*>(hole) + 5, SHM_RND));
  EXPECT_EQ(static_cast<void*>(c), hole);
  EXPECT_EQ(c[2000], 7);
  EXPECT_EQ(shmdt(c), 0);
  EXPECT_ERRNO(shmdt(c), EINVAL);

  const pid_t child = start_child([&] {
    EXPECT_EQ(attached(id), 4);
    a[1] = 11;
    EXPECT_EQ(shmdt(a), 0);
    EXPECT_EQ(attached(id), 3);
  });
  EXPECT_CHILD_OK(child);
  EXPECT_EQ(a[1], 11);
  EXPECT_EQ(attached(id), 2);
  EXPECT_EQ(shmctl(id, IPC_STAT, &state), 0);
  EXPECT_EQ(state.shm_lpid, child);

  EXPECT_EQ(shmctl(id, IPC_RMID, nullptr), 0);
  EXPECT_EQ(shmctl(id, IPC_STAT, &state), 0);
  EXPECT((state.shm_perm.mode & SHM_DEST) != 0);
  EXPECT_ERRNO(shmget(key, 100, 0), ENOENT);
  EXPECT_EQ(shmdt(b), 0);
  EXPECT_EQ(a[2000], 7);
  EXPECT_EQ(munmap(a, 12288), 0);  // the last one: the segment is gone
  EXPECT_ERRNO(shmctl(id, IPC_STAT, &state), EINVAL);
  EXPECT_EQ(reinterpret_cast<long>(shmat(id, nullptr, 0)), -1);

  // A new segment is empty, whatever the old one's pages held.
  const int next = shmget(IPC_PRIVATE, 10000, 0600);
  EXPECT(next >= 0 && next != id);
  int* d = static_cast<int*>(shmat(next, nullptr, 0));
  for (int i = 0; i < 2500; ++i) EXPECT_EQ(d[i], 0);
  EXPECT_EQ(shmctl(next, IPC_RMID, nullptr), 0);
  return ok();
}
