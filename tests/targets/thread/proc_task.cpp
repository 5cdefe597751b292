// /proc/self/task lists exactly the live threads.
#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "expect.hpp"

static sem_t ready, gate;
static pid_t tids[4];

static void* work(void* argument) {
  tids[reinterpret_cast<long>(argument)] = gettid();
  sem_post(&ready);
  sem_wait(&gate);
  return nullptr;
}

static std::set<pid_t> listed() {
  std::set<pid_t> result;
  DIR* directory = opendir("/proc/self/task");
  EXPECT(directory != nullptr);
  while (dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') result.insert(atoi(entry->d_name));
  }
  closedir(directory);
  return result;
}

int main() {
  sem_init(&ready, 0, 0);
  sem_init(&gate, 0, 0);
  EXPECT(listed() == std::set<pid_t>{getpid()});
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i)), 0);
  }
  for (int i = 0; i < 4; ++i) sem_wait(&ready);
  std::set<pid_t> expected(tids, tids + 4);
  expected.insert(getpid());
  EXPECT_EQ(expected.size(), 5u);
  EXPECT(listed() == expected);
  struct stat status;  // how sandboxes count threads
  EXPECT_EQ(stat("/proc/self/task", &status), 0);
  EXPECT_EQ(status.st_nlink, 2u + 5u);
  for (int i = 0; i < 4; ++i) sem_post(&gate);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
