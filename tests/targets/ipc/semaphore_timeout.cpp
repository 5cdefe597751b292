// semtimedop: the deadline passes, or a signal comes; nothing has changed then.
#include <signal.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#include "expect.hpp"

static void nothing(int) {}

int main() {
  const int set = semget(IPC_PRIVATE, 1, 0600);
  EXPECT(set >= 0);
  sembuf take = {0, -1, 0};
  timespec limit = {0, 20000000};
  const long long before = now_ns(CLOCK_MONOTONIC);
  EXPECT_ERRNO(semtimedop(set, &take, 1, &limit), EAGAIN);
  EXPECT(now_ns(CLOCK_MONOTONIC) - before >= 20000000);
  EXPECT_EQ(semctl(set, 0, GETNCNT), 0);
  limit = {0, 1000000000};
  EXPECT_ERRNO(semtimedop(set, &take, 1, &limit), EINVAL);
  limit = {0, 0};
  EXPECT_ERRNO(semtimedop(set, &take, 1, &limit), EAGAIN);

  struct sigaction action = {};
  action.sa_handler = nothing;
  action.sa_flags = SA_RESTART;  // semop is never restarted
  EXPECT_EQ(sigaction(SIGALRM, &action, nullptr), 0);
  alarm(1);
  EXPECT_ERRNO(semop(set, &take, 1), EINTR);

  const pid_t child = start_child([&] {
    sleep_ms(5);
    sembuf give = {0, 1, 0};
    EXPECT_EQ(semop(set, &give, 1), 0);
  });
  limit = {10, 0};
  EXPECT_EQ(semtimedop(set, &take, 1, &limit), 0);
  EXPECT_CHILD_OK(child);
  EXPECT_EQ(semctl(set, 0, IPC_RMID), 0);
  return ok();
}
