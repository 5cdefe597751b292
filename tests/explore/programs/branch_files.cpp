// For branches from the middle: three threads append to one file each and to a common one, read
// what is there, move offsets, replace a file by another, and make and remove files; what comes of
// it depends on their order, and is told.
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr int kThreads = 3, kRounds = 4;
int shared_log = -1, cursor = -1, other_cursor = -1;

void check(bool holds, int line) {
  if (holds) return;
  std::printf("line %d does not hold\n", line);
  std::exit(1);
}

// Written whole beside it, then renamed over it.
void replace(const char* path, int round) {
  const auto fresh = std::string(path) + "." + std::to_string(round);
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  check(fd >= 0, __LINE__);
  check(write(fd, &round, sizeof round) == sizeof round, __LINE__);
  close(fd);
  check(rename(fresh.c_str(), path) == 0, __LINE__);
}

void* work(void* argument) {
  const auto number = reinterpret_cast<long>(argument);
  const auto own = "/tmp/branch-own-" + std::to_string(number);
  const int fd = open(own.c_str(), O_RDWR | O_CREAT, 0600);
  check(fd >= 0, __LINE__);
  for (int round = 0; round < kRounds; ++round) {
    const char letter = static_cast<char>('a' + number);
    check(write(shared_log, &letter, 1) == 1, __LINE__);
    check(write(fd, &letter, 1) == 1, __LINE__);
    char seen = 0;
    // Two numbers of one open file: whoever reads moves both.
    const int from = round % 2 == 0 ? cursor : other_cursor;
    check(read(from, &seen, 1) == 1, __LINE__);
    check(write(fd, &seen, 1) == 1, __LINE__);
    replace("/tmp/branch-replaced", round * kThreads + static_cast<int>(number));
    if (round == kRounds / 2) unlink(("/tmp/branch-mark-" + std::to_string(number)).c_str());
    sched_yield();
  }
  check(lseek(fd, 0, SEEK_CUR) == 2 * kRounds, __LINE__);
  close(fd);
  return nullptr;
}

std::string text_of(const std::string& path) {
  std::string text(256, '\0');
  const int fd = open(path.c_str(), O_RDONLY);
  if (fd < 0) return "none";
  const auto got = read(fd, text.data(), text.size());
  close(fd);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

}  // namespace

int main() {
  const int letters = open("/tmp/branch-letters", O_RDWR | O_CREAT | O_TRUNC, 0644);
  check(write(letters, "0123456789ABCDEFGHIJ", 20) == 20, __LINE__);
  check(lseek(letters, 2, SEEK_SET) == 2, __LINE__);
  cursor = letters;
  other_cursor = dup(letters);
  shared_log = open("/tmp/branch-log", O_WRONLY | O_CREAT | O_APPEND, 0644);
  for (int i = 0; i < kThreads; ++i) {
    const auto mark = "/tmp/branch-mark-" + std::to_string(i);
    close(open(mark.c_str(), O_WRONLY | O_CREAT, 0644));
  }
  replace("/tmp/branch-replaced", -1);
  pthread_t threads[kThreads];
  for (long i = 0; i < kThreads; ++i) {
    pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i));
  }
  for (auto& thread : threads) pthread_join(thread, nullptr);
  check(lseek(letters, 0, SEEK_CUR) == 2 + kThreads * kRounds, __LINE__);
  std::printf("%s\n", text_of("/tmp/branch-log").c_str());
  for (int i = 0; i < kThreads; ++i) {
    std::printf("%s\n", text_of("/tmp/branch-own-" + std::to_string(i)).c_str());
    check(text_of("/tmp/branch-mark-" + std::to_string(i)) == "none", __LINE__);
  }
  struct stat status {};
  check(stat("/tmp/branch-replaced", &status) == 0, __LINE__);
  std::printf("replaced by %d, inode %lu, written at %ld\n", text_of("/tmp/branch-replaced")[0],
              static_cast<unsigned long>(status.st_ino), static_cast<long>(status.st_mtim.tv_nsec));
  check(stat("/tmp/branch-letters", &status) == 0, __LINE__);
  std::printf("letters: inode %lu\n", static_cast<unsigned long>(status.st_ino));
  return 0;
}
