// Nothing is wrong with this program; it uses what sanitizers intercept: threads, locks, timed
// waits, thread-local objects, signals, pipes, fork, vfork, posix_spawn and exceptions.
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

extern char** environ;

namespace {

std::mutex mutex;
std::condition_variable changed;
std::shared_mutex shared;
int table[20];
std::atomic<int> destroyed, signals;
int rounds;

struct Counted {
  std::unique_ptr<int> value = std::make_unique<int>(1);
  ~Counted() { ++destroyed; }
};
thread_local Counted counted;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::_Exit(1);
}

void take_turns(int me) {
  *counted.value += me;
  for (int i = 0; i < 50; ++i) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [me] { return rounds % 4 == me; });
    ++rounds;
    changed.notify_all();
  }
  for (int i = 0; i < 20; ++i) {
    {
      std::unique_lock writer(shared);
      table[i] = me + 1;
    }
    std::shared_lock reader(shared);
    require(table[i] != 0, "table");
  }
}

void threads() {
  std::vector<std::thread> all;
  for (int i = 0; i < 4; ++i) all.emplace_back(take_turns, i);
  for (auto& thread : all) thread.join();
  require(rounds == 200 && destroyed == 4, "turns");
  std::thread([] {
    try {
      throw 7;
    } catch (int value) {
      require(value == 7, "exception");
    }
  }).join();
  std::unique_lock lock(mutex);
  const auto soon = std::chrono::milliseconds(5);
  require(changed.wait_for(lock, soon) == std::cv_status::timeout, "timed wait");
}

int status_of(pid_t pid) {
  int status = -1;
  require(waitpid(pid, &status, 0) == pid, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void processes() {
  int channel[2];
  require(pipe(channel) == 0, "pipe");
  const pid_t child = fork();
  if (child == 0) {
    char text[100];
    std::memset(text, 'x', sizeof text);
    _exit(write(channel[1], text, sizeof text) == 100 ? 3 : 4);
  }
  char text[100];
  require(read(channel[0], text, sizeof text) == 100 && text[99] == 'x', "read");
  require(status_of(child) == 3, "fork");
  const pid_t fast = vfork();
  if (fast == 0) {
    execl("/bin/sh", "sh", "-c", "exit 5", nullptr);
    _exit(127);
  }
  require(status_of(fast) == 5, "vfork");
  const char* arguments[] = {"sh", "-c", "kill -9 $$", nullptr};
  pid_t spawned;
  require(posix_spawn(&spawned, "/bin/sh", nullptr, nullptr, const_cast<char**>(arguments),
                      environ) == 0,
          "posix_spawn");
  require(status_of(spawned) == -9, "spawned");
  require(system("exit 6") == 6 << 8, "system");
}

void on_signal(int) { ++signals; }

void handlers() {
  struct sigaction action;
  std::memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigaction(SIGUSR1, &action, nullptr);
  raise(SIGUSR1);
  std::thread other([] { kill(getpid(), SIGUSR1); });
  other.join();
  require(signals == 2, "signals");
}

}  // namespace

int main() {
  threads();
  processes();
  handlers();
  std::puts("ok");
  return 0;
}
