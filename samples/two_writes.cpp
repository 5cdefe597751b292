// A crash between two writes. A bank keeps an account per file and moves money from one to the
// other: two writes. When the process is killed after the first, what was taken from the one
// account has come to no other, and nothing remembers it.
//
// The cure (two_writes_fixed.cpp): write down what is to be done before it is done.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

long read_account(int file) {
  long amount = 0;
  if (pread(file, &amount, sizeof amount, 0) != sizeof amount) _exit(2);
  return amount;
}

void write_account(int file, long amount) {
  if (pwrite(file, &amount, sizeof amount, 0) != sizeof amount) _exit(2);
}

[[noreturn]] void move_money(int from, int to) {
  for (int i = 0; i < 100; ++i) {
    write_account(from, read_account(from) - 1);
    write_account(to, read_account(to) + 1);  // the bug: it may never come to this
  }
  _exit(0);
}

int open_account(const char* path) {
  const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0) _exit(2);
  write_account(file, 100);
  return file;
}

}  // namespace

int main() {
  char directory[] = "/tmp/two_writes.XXXXXX";
  if (mkdtemp(directory) == nullptr || chdir(directory) != 0) return 2;
  const int from = open_account("from"), to = open_account("to");
  unlink("from");
  unlink("to");
  rmdir(directory);
  const pid_t bank = fork();
  if (bank < 0) return 2;
  if (bank == 0) move_money(from, to);
  usleep(10);
  kill(bank, SIGKILL);
  waitpid(bank, nullptr, 0);
  const long sum = read_account(from) + read_account(to);
  std::printf("there are %ld\n", sum);
  return sum == 200 ? 0 : 1;
}
