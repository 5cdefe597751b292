// semget, semop, semctl: values, all-or-nothing, waiting for zero, removal, errors.
#include <sys/ipc.h>
#include <sys/sem.h>

#include "expect.hpp"

static int operate(int set, unsigned short number, short by, short flags = 0) {
  sembuf operation = {number, by, flags};
  return semop(set, &operation, 1);
}

int main() {
  const key_t key = 0x5e000000 + getpid();
  EXPECT_ERRNO(semget(key, 0, IPC_CREAT | 0600), EINVAL);
  const int set = semget(key, 3, IPC_CREAT | IPC_EXCL | 0600);
  EXPECT(set >= 0);
  EXPECT_EQ(semget(key, 2, 0), set);
  EXPECT_ERRNO(semget(key, 4, 0), EINVAL);
  EXPECT_EQ(semctl(set, 0, GETVAL), 0);
  EXPECT_EQ(semctl(set, 1, SETVAL, 5), 0);
  EXPECT_ERRNO(semctl(set, 1, SETVAL, 32768), ERANGE);
  EXPECT_ERRNO(semctl(set, 3, GETVAL), EINVAL);
  EXPECT_EQ(operate(set, 1, -2), 0);
  EXPECT_EQ(semctl(set, 1, GETVAL), 3);
  EXPECT_EQ(semctl(set, 1, GETPID), getpid());
  EXPECT_ERRNO(operate(set, 1, -4, IPC_NOWAIT), EAGAIN);
  EXPECT_ERRNO(operate(set, 3, 1), EFBIG);
  EXPECT_ERRNO(operate(set, 1, 32767), ERANGE);

  sembuf both[] = {{1, -1, 0}, {2, -1, IPC_NOWAIT}};
  EXPECT_ERRNO(semop(set, both, 2), EAGAIN);
  EXPECT_EQ(semctl(set, 1, GETVAL), 3);
  EXPECT_ERRNO(semop(set, both, 0), EINVAL);
  EXPECT_ERRNO(semop(set, both, 501), E2BIG);

  unsigned short values[3] = {9, 8, 7}, read[3] = {};
  EXPECT_EQ(semctl(set, 0, SETALL, values), 0);
  EXPECT_EQ(semctl(set, 0, GETALL, read), 0);
  EXPECT_EQ(memcmp(values, read, sizeof values), 0);

  // Waits for zero, and for more than one thing at once.
  const pid_t zero = start_child([&] { EXPECT_EQ(operate(set, 0, 0), 0); });
  const pid_t more = start_child([&] {
    sembuf wanted[] = {{1, -10, 0}, {2, -10, 0}};
    EXPECT_EQ(semop(set, wanted, 2), 0);
  });
  while (semctl(set, 0, GETZCNT) != 1 || semctl(set, 1, GETNCNT) != 1) sleep_ms(1);
  EXPECT_EQ(operate(set, 1, 2), 0);
  while (semctl(set, 2, GETNCNT) != 1) sleep_ms(1);
  EXPECT_EQ(semctl(set, 1, GETVAL), 10);
  EXPECT_EQ(operate(set, 2, 4), 0);
  EXPECT_CHILD_OK(more);
  EXPECT_EQ(semctl(set, 1, GETVAL), 0);
  EXPECT_EQ(semctl(set, 2, GETVAL), 1);
  EXPECT_EQ(operate(set, 0, -9), 0);
  EXPECT_CHILD_OK(zero);

  semid_ds state;
  EXPECT_EQ(semctl(set, 0, IPC_STAT, &state), 0);
  EXPECT_EQ(state.sem_nsems, 3);
  EXPECT(state.sem_otime != 0);

  const pid_t removed = start_child([&] { EXPECT_ERRNO(operate(set, 0, -1), EIDRM); });
  while (semctl(set, 0, GETNCNT) != 1) sleep_ms(1);
  EXPECT_EQ(semctl(set, 0, IPC_RMID), 0);
  EXPECT_CHILD_OK(removed);
  EXPECT_ERRNO(semctl(set, 0, GETVAL), EINVAL);
  return ok();
}
