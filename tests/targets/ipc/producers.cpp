// Several processes over one queue, one semaphore and one segment: nothing is lost.
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "expect.hpp"

struct Number {
  long type;
  int value;
};

int main() {
  constexpr int kWorkers = 3, kEach = 40;
  const int queue = msgget(IPC_PRIVATE, 0600), lock = semget(IPC_PRIVATE, 1, 0600);
  const int segment = shmget(IPC_PRIVATE, 4096, 0600);
  EXPECT(queue >= 0 && lock >= 0 && segment >= 0);
  EXPECT_EQ(semctl(lock, 0, SETVAL, 1), 0);
  long* sums = static_cast<long*>(shmat(segment, nullptr, 0));
  pid_t workers[kWorkers];
  for (int w = 0; w < kWorkers; ++w) {
    workers[w] = start_child([&] {
      Number number;
      for (;;) {
        EXPECT_EQ(msgrcv(queue, &number, sizeof number.value, 0, 0), sizeof number.value);
        if (number.value < 0) return;
        sembuf operation = {0, -1, SEM_UNDO};
        EXPECT_EQ(semop(lock, &operation, 1), 0);
        const long before = sums[0];
        sleep_ms(0);
        sums[0] = before + number.value;
        ++sums[1 + w];
        operation.sem_op = 1;
        EXPECT_EQ(semop(lock, &operation, 1), 0);
      }
    });
  }
  Number number = {1, 0};
  for (int i = 1; i <= kEach; ++i) {
    number.value = i;
    EXPECT_EQ(msgsnd(queue, &number, sizeof number.value, 0), 0);
  }
  number.value = -1;
  for (int w = 0; w < kWorkers; ++w) {
    EXPECT_EQ(msgsnd(queue, &number, sizeof number.value, 0), 0);
  }
  for (const pid_t worker : workers) EXPECT_CHILD_OK(worker);
  EXPECT_EQ(sums[0], kEach * (kEach + 1) / 2);
  OBS("shares %ld %ld %ld", sums[1], sums[2], sums[3]);
  EXPECT_EQ(msgctl(queue, IPC_RMID, nullptr), 0);
  EXPECT_EQ(semctl(lock, 0, IPC_RMID), 0);
  EXPECT_EQ(shmctl(segment, IPC_RMID, nullptr), 0);
  return ok();
}
