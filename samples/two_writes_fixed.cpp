// two_writes.cpp without its bug: what both accounts are to be is written down in one write, which
// is there or not; who comes after a crash does what was written down.
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

struct Intent {
  long from = 0, to = 0;
};

// Doing it again does no harm.
void carry_out(const Intent& intent, int from, int to) {
  write_account(from, intent.from);
  write_account(to, intent.to);
}

[[noreturn]] void move_money(int journal, int from, int to) {
  for (int i = 0; i < 100; ++i) {
    const Intent intent{read_account(from) - 1, read_account(to) + 1};
    if (pwrite(journal, &intent, sizeof intent, 0) != sizeof intent) _exit(2);
    carry_out(intent, from, to);
  }
  _exit(0);
}

void recover(int journal, int from, int to) {
  Intent intent;
  if (pread(journal, &intent, sizeof intent, 0) == sizeof intent) carry_out(intent, from, to);
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
  const int journal = open("journal", O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (journal < 0) return 2;
  unlink("journal");
  unlink("from");
  unlink("to");
  rmdir(directory);
  const pid_t bank = fork();
  if (bank < 0) return 2;
  if (bank == 0) move_money(journal, from, to);
  usleep(10);
  kill(bank, SIGKILL);
  waitpid(bank, nullptr, 0);
  recover(journal, from, to);
  const long sum = read_account(from) + read_account(to);
  std::printf("there are %ld\n", sum);
  return sum == 200 ? 0 : 1;
}
