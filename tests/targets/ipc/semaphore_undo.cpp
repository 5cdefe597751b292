// SEM_UNDO: what a process did is undone when it ends, killed or not, and wakes who waits.
#include <signal.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#include "expect.hpp"

static int operate(int set, short by, short flags = 0) {
  sembuf operation = {0, by, flags};
  return semop(set, &operation, 1);
}

int main() {
  const int set = semget(IPC_PRIVATE, 1, 0600);
  EXPECT(set >= 0);
  EXPECT_EQ(semctl(set, 0, SETVAL, 1), 0);
  const pid_t holder = start_child([&] {
    EXPECT_EQ(operate(set, -1, SEM_UNDO), 0);
    pause();
  });
  while (semctl(set, 0, GETVAL) != 0) sleep_ms(1);
  const pid_t waiter = start_child([&] {
    EXPECT_EQ(operate(set, -1, SEM_UNDO), 0);
    EXPECT_EQ(operate(set, 3, SEM_UNDO), 0);
    EXPECT_EQ(operate(set, -2, SEM_UNDO), 0);
  });
  while (semctl(set, 0, GETNCNT) != 1) sleep_ms(1);
  EXPECT_EQ(kill(holder, SIGKILL), 0);
  EXPECT_EQ(status_of(holder), SIGKILL);
  EXPECT_CHILD_OK(waiter);
  EXPECT_EQ(semctl(set, 0, GETVAL), 1);

  // SETVAL forgets what was to be undone.
  const pid_t cleared = start_child([&] {
    EXPECT_EQ(operate(set, 5, SEM_UNDO), 0);
    EXPECT_EQ(semctl(set, 0, SETVAL, 2), 0);
  });
  EXPECT_CHILD_OK(cleared);
  EXPECT_EQ(semctl(set, 0, GETVAL), 2);
  EXPECT_EQ(semctl(set, 0, IPC_RMID), 0);
  return ok();
}
