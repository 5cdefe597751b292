// Another program every time: it counts its runs in a file, and sleeps in all but the first.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

[[gnu::noinline]] static void sleep_a_little() { usleep(10); }

int main(int, char** arguments) {
  const int file = open(arguments[1], O_RDWR | O_CREAT | O_APPEND, 0666);
  if (write(file, "x", 1) != 1) return 1;
  struct stat status {};
  fstat(file, &status);
  if (status.st_size > 1) sleep_a_little();
  std::printf("run %d\n", static_cast<int>(status.st_size));
}
