// Time of check, time of use, between two processes. Each becomes the leader if no lock file
// exists, and then creates it; both can find none.
//
// The cure: open with O_CREAT | O_EXCL, which looks and creates in one step.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

bool become_leader(const char* path) {
  if (access(path, F_OK) == 0) return false;
  const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);  // the bug: without O_EXCL
  if (file < 0) return false;
  close(file);
  return true;
}

}  // namespace

int main() {
  char directory[] = "/tmp/file_race.XXXXXX";
  if (mkdtemp(directory) == nullptr || chdir(directory) != 0) return 2;
  for (int i = 0; i < 2; ++i) {
    const pid_t child = fork();
    if (child < 0) return 2;
    if (child == 0) _exit(become_leader("leader.lock") ? 1 : 0);
  }
  int leaders = 0;
  for (int i = 0; i < 2; ++i) {
    int status = 0;
    if (wait(&status) < 0 || !WIFEXITED(status)) return 2;
    leaders += WEXITSTATUS(status);
  }
  unlink("leader.lock");
  rmdir(directory);
  std::printf("%d of two processes became the leader\n", leaders);
  return leaders == 1 ? 0 : 1;
}
