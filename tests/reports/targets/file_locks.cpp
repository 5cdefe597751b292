// A child waits for a lock of a file that its parent holds, and the parent for the child. The
// argument says whose lock: "flock", or fcntl's.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

static void lock(int file, bool whole) {
  struct flock range {};
  range.l_type = F_WRLCK;
  if ((whole ? flock(file, LOCK_EX) : fcntl(file, F_SETLKW, &range)) != 0) _exit(1);
}

int main(int, char** arguments) {
  const bool whole = arguments[1][0] == 'f';
  const int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
  lock(file, whole);
  char name[64];
  std::snprintf(name, sizeof name, "/proc/self/fd/%d", file);
  if (fork() == 0) {
    lock(open(name, O_RDWR), whole);
    return 0;
  }
  wait(nullptr);
}
