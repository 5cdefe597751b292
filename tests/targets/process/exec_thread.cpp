// A thread that is not the main one executes: the new image has the process's pid, one thread,
// and the parent sees it end as its child.
#include <dirent.h>

#include <thread>

#include "expect.hpp"

int main(int argc, char** argv) {
  if (argc > 1) {
    EXPECT_EQ(getpid(), atoi(argv[1]));
    EXPECT_EQ(gettid(), getpid());
    int threads = 0;
    DIR* tasks = opendir("/proc/self/task");
    while (const dirent* entry = readdir(tasks)) threads += entry->d_name[0] != '.';
    closedir(tasks);
    EXPECT_EQ(threads, 1);
    std::thread([] { EXPECT(gettid() != getpid()); }).join();
    return 11;
  }
  const pid_t pid = start_child([&] {
    std::thread sleeper([] { sleep_ms(100000); });
    std::thread([&] {
      execl("/proc/self/exe", argv[0], std::to_string(getpid()).c_str(), nullptr);
    }).join();
    _exit(1);
  });
  EXPECT_EQ(WEXITSTATUS(status_of(pid)), 11);
  return ok();
}
