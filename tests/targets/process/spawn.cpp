// posix_spawn: file actions, attributes, PATH search, and errors reported to the caller.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

#include "expect.hpp"

extern char** environ;

struct Spawn {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  Spawn() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  int start(pid_t& pid, const char* script) {
    const char* arguments[] = {"sh", "-c", script, nullptr};
    return posix_spawnp(&pid, "sh", &actions, &attributes, const_cast<char**>(arguments), environ);
  }
};

static std::string read_all(int fd) {
  std::string all;
  char piece[256];
  for (ssize_t count; (count = read(fd, piece, sizeof piece)) > 0;) {
    all.append(piece, static_cast<size_t>(count));
  }
  return all;
}

int main() {
  int channel[2];
  EXPECT_EQ(pipe2(channel, O_CLOEXEC), 0);
  pid_t pid;
  {
    Spawn spawn;
    posix_spawn_file_actions_addopen(&spawn.actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&spawn.actions, channel[1], 1);
    posix_spawn_file_actions_addclose(&spawn.actions, 2);
    posix_spawn_file_actions_addchdir_np(&spawn.actions, "/usr");
    EXPECT_EQ(spawn.start(pid, "read x; pwd; (echo 2>/dev/null >&2) && echo open; exit 3"), 0);
    EXPECT_EQ(WEXITSTATUS(status_of(pid)), 3);
    close(channel[1]);
    EXPECT_EQ(read_all(channel[0]), "/usr\nopen\n");
  }
  {
    Spawn spawn;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    posix_spawnattr_setsigdefault(&spawn.attributes, &set);
    posix_spawnattr_setpgroup(&spawn.attributes, 0);
    posix_spawnattr_setflags(&spawn.attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    signal(SIGUSR1, SIG_IGN);
    EXPECT_EQ(spawn.start(pid, "kill -USR1 $$; exit 1"), 0);
    EXPECT_EQ(getpgid(pid), pid);
    EXPECT_EQ(WTERMSIG(status_of(pid)), SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
  }
  Spawn plain;
  char* const arguments[] = {const_cast<char*>("x"), nullptr};
  EXPECT_EQ(posix_spawn(&pid, "/nonexistent", nullptr, nullptr, arguments, environ), ENOENT);
  EXPECT_EQ(posix_spawn(&pid, "/etc/passwd", nullptr, nullptr, arguments, environ), EACCES);
  EXPECT_EQ(posix_spawnp(&pid, "no-such-program", nullptr, nullptr, arguments, environ), ENOENT);
  posix_spawn_file_actions_addopen(&plain.actions, 0, "/nonexistent", O_RDONLY, 0);
  EXPECT_EQ(plain.start(pid, "exit 0"), ENOENT);
  EXPECT_ERRNO(wait(nullptr), ECHILD);
  return ok();
}
