// Named semaphores join processes: sem_open with O_EXCL, unlink, and a hand-over in both
// directions.
#include <fcntl.h>
#include <semaphore.h>
#include <unistd.h>

#include <string>

#include "expect.hpp"

int main() {
  const std::string there = "/detsim-there-" + std::to_string(getpid());
  const std::string back = "/detsim-back-" + std::to_string(getpid());
  sem_t* go = sem_open(there.c_str(), O_CREAT | O_EXCL, 0600, 0);
  EXPECT(go != SEM_FAILED);
  EXPECT(sem_open(there.c_str(), O_CREAT | O_EXCL, 0600, 0) == SEM_FAILED);
  EXPECT_EQ(errno, EEXIST);
  sem_t* answer = sem_open(back.c_str(), O_CREAT, 0600, 0);
  EXPECT(answer != SEM_FAILED);
  const pid_t child = start_child([&] {
    sem_t* mine = sem_open(there.c_str(), 0);
    EXPECT(mine != SEM_FAILED);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(sem_wait(mine), 0);
      EXPECT_EQ(sem_post(answer), 0);
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(sem_post(go), 0);
    EXPECT_EQ(sem_wait(answer), 0);
  }
  EXPECT_CHILD_OK(child);
  EXPECT_EQ(sem_unlink(there.c_str()), 0);
  EXPECT_EQ(sem_unlink(back.c_str()), 0);
  EXPECT(sem_open(there.c_str(), 0) == SEM_FAILED);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(sem_close(go), 0);
  return ok();
}
