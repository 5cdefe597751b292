// A process-shared mutex and semaphore in a file mapped at different addresses and by different
// descriptors: what counts is the object and the offset, not the address.
#include <fcntl.h>
#include <semaphore.h>

#include <string>

#include "lock/shared.hpp"

struct Shared {
  pthread_mutex_t mutex;
  sem_t there, back;
  Counted counted;
};

int main() {
  char path[] = "/tmp/detsim-shared-XXXXXX";
  const int fd = mkstemp(path);
  EXPECT(fd >= 0);
  EXPECT_EQ(ftruncate(fd, 3 * 4096), 0);
  const auto map = [&](int file, off_t offset) {
    void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, offset);
    EXPECT(memory != MAP_FAILED);
    return static_cast<Shared*>(memory);
  };
  Shared *first = map(fd, 4096), *second = map(fd, 4096);
  EXPECT(first != second);
  init_mutex(&first->mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED,
             PTHREAD_PROCESS_SHARED);
  sem_init(&first->there, 1, 0);
  sem_init(&first->back, 1, 0);
  // Two addresses in one process.
  expect_exclusion([&](Counted& counted, int index, int) {
    Shared* mine = index % 2 ? first : second;
    EXPECT_EQ(pthread_mutex_lock(&mine->mutex), 0);
    counted.step();
    EXPECT_EQ(pthread_mutex_unlock(&mine->mutex), 0);
  });
  const pid_t child = start_child([&] {
    munmap(first, 4096);
    munmap(second, 4096);
    const int again = open(path, O_RDWR);
    EXPECT(again >= 0);
    map(again, 0);
    map(again, 8192);
    Shared* mine = map(again, 4096);
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(sem_wait(&mine->there), 0);
      EXPECT_EQ(pthread_mutex_lock(&mine->mutex), 0);
      mine->counted.step();
      EXPECT_EQ(pthread_mutex_unlock(&mine->mutex), 0);
      EXPECT_EQ(sem_post(&mine->back), 0);
    }
  });
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(sem_post(&first->there), 0);
    EXPECT_EQ(pthread_mutex_lock(&second->mutex), 0);
    second->counted.step();
    EXPECT_EQ(pthread_mutex_unlock(&second->mutex), 0);
    EXPECT_EQ(sem_wait(&second->back), 0);
  }
  EXPECT_CHILD_OK(child);
  EXPECT_EQ(first->counted.counter, 100);
  unlink(path);
  return ok();
}
