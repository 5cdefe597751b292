// The working directory and umask are shared by threads, until one leaves with unshare(CLONE_FS).
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "expect.hpp"

static std::string here() {
  char path[4096];
  EXPECT(getcwd(path, sizeof path) != nullptr);
  return path;
}
static void* changes(void*) {
  EXPECT_EQ(chdir("/usr"), 0);
  umask(027);
  return nullptr;
}
static bool unshared;
static void* unshares(void*) {
  if (unshare(CLONE_FS) == -1) return nullptr;
  unshared = true;
  EXPECT_EQ(chdir("/"), 0);
  umask(0);
  EXPECT_EQ(here(), "/");
  sleep_ms(1);
  EXPECT_EQ(here(), "/");
  EXPECT_EQ(umask(0), 0u);
  return nullptr;
}

int main() {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, changes, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(here(), "/usr");
  EXPECT_EQ(umask(022), 027u);
  EXPECT_EQ(pthread_create(&thread, nullptr, unshares, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(here(), "/usr");
  EXPECT_EQ(umask(022), 022u);
  if (!unshared) return skip("unshare(CLONE_FS) is refused");
  return ok();
}
