// Thread names: set and read through pthread, prctl and /proc, of oneself and of another thread.
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>

#include "expect.hpp"

static sem_t named, checked;
static pid_t tid;

static std::string comm_of(pid_t thread) {
  const std::string path = "/proc/self/task/" + std::to_string(thread) + "/comm";
  const int fd = open(path.c_str(), O_RDONLY);
  EXPECT(fd >= 0);
  char text[64];
  const ssize_t length = read(fd, text, sizeof text);
  close(fd);
  EXPECT(length > 0);
  return std::string(text, static_cast<size_t>(length));
}

static void* work(void*) {
  tid = gettid();
  char name[16] = "";
  EXPECT_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
  EXPECT_EQ(std::string(name), "parent-name");
  EXPECT_EQ(prctl(PR_SET_NAME, "worker-name"), 0);
  EXPECT_EQ(comm_of(tid), "worker-name\n");
  sem_post(&named);
  sem_wait(&checked);
  EXPECT_EQ(prctl(PR_GET_NAME, name), 0);
  EXPECT_EQ(std::string(name), "from-outside");
  return nullptr;
}

int main() {
  sem_init(&named, 0, 0);
  sem_init(&checked, 0, 0);
  EXPECT_EQ(pthread_setname_np(pthread_self(), "parent-name"), 0);
  EXPECT_EQ(pthread_setname_np(pthread_self(), "sixteen-chars-xx"), ERANGE);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  sem_wait(&named);
  char name[16] = "";
  EXPECT_EQ(pthread_getname_np(thread, name, sizeof name), 0);
  EXPECT_EQ(std::string(name), "worker-name");
  EXPECT_EQ(comm_of(getpid()), "parent-name\n");
  EXPECT_EQ(pthread_setname_np(thread, "from-outside"), 0);
  EXPECT_EQ(comm_of(tid), "from-outside\n");
  sem_post(&checked);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
  EXPECT_EQ(std::string(name), "parent-name");
  return ok();
}
