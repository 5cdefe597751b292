// Stores to a file of the disk through shared mappings: `stores HOW`, in the disk. When it is done
// it opens `cut`. `stores show` prints a character for each sector of the file.
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr std::size_t kPage = 4096, kBytes = 4 * kPage;

void check(bool holds, const char* what) {
  if (holds) return;
  perror(what);
  exit(1);
}

void show() {
  char bytes[2 * kBytes];
  const int fd = open("file", O_RDONLY);
  check(fd >= 0, "open");
  const auto count = read(fd, bytes, sizeof bytes);
  for (ssize_t at = 0; at < count; at += 512) putchar(bytes[at] == 0 ? '.' : bytes[at]);
}

char* map(int fd, int protection = PROT_READ | PROT_WRITE) {
  void* at = mmap(nullptr, kBytes, protection, MAP_SHARED, fd, 0);
  check(at != MAP_FAILED, "mmap");
  return static_cast<char*>(at);
}

void say_synced(int result) { putchar(result == 0 ? 'w' : 'x'); }

void in_child(char* at, char what) {
  const pid_t child = fork();
  if (child == 0) {
    memset(at, what, kBytes);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
}

void store_twice(char* at) {
  memset(at, 'n', kBytes);
  for (int i = 0; i < 64; ++i) access("file", F_OK);
  memset(at, 'm', kBytes);
}

void store_and_cut(int fd, char* at) {
  memset(at, 'n', kBytes);
  check(ftruncate(fd, kPage) == 0, "ftruncate");
  check(ftruncate(fd, kBytes) == 0, "ftruncate");
  check(fsync(fd) == 0, "fsync");
  memset(at + kPage, 'm', kPage);
}

void tell_other(int fd, char* at) {
  const int other = open("file", O_RDWR), same = dup(fd);
  const int later = dup2(other, fd);  // the number by which it was mapped stands for another now
  say_synced(msync(at, kBytes, MS_SYNC));
  for (const int each : {same, other, later}) say_synced(fsync(each));
  putchar(10);
  fflush(stdout);
}

void store(const std::string& how, int fd, char* at) {
  if (how == "none") {
    memset(at, 'n', kBytes);
  } else if (how == "page") {
    memset(at, 'n', kBytes);
    check(msync(at + kPage, kPage, MS_SYNC) == 0, "msync");
  } else if (how == "twice") {  // what comes first is overwritten before anything is synced
    store_twice(at);
  } else if (how == "async") {
    memset(at, 'n', kBytes);
    check(msync(at, kBytes, MS_ASYNC) == 0, "msync");
  } else if (how == "all") {
    memset(at, 'n', kBytes);
    check(msync(at, kBytes, MS_SYNC) == 0, "msync");
  } else if (how == "copy") {
    const int from = memfd_create("from", 0);
    const std::string text(kBytes, 'n');
    check(write(from, text.data(), kBytes) == kBytes, "write");
    const int other = open("other", O_RDWR | O_CREAT, 0644);
    check(ioctl(fd, FICLONE, other) == -1 && errno == EOPNOTSUPP, "clone");
    loff_t offset = 0, place = 0;
    while (offset < loff_t{kBytes}) {
      const auto left = kBytes - static_cast<std::size_t>(offset);
      const auto done = copy_file_range(from, &offset, fd, &place, left, 0);
      if (done <= 0) check(pwrite(fd, text.data(), kBytes, 0) == kBytes, "copy"), offset = kBytes;
    }
    check(fsync(fd) == 0, "fsync");
  } else if (how == "told") {  // each open file of a failed sync, once
    const int other = open("file", O_RDWR), same = dup(fd);
    const auto sync_of = [](int each) { return fsync(each) == 0 ? 'w' : 'x'; };
    write(other, "n", 1);
    const char first = sync_of(fd), second = sync_of(fd);
    printf("%c%c", first, second);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      for (const int each : {same, other, other}) putchar(sync_of(each));
      exit(0);
    }
    fflush(stdout);
    waitpid(child, nullptr, 0);
    for (const int each : {other, open("file", O_RDWR)}) putchar(sync_of(each));
    putchar(10);
    fflush(stdout);
  } else if (how == "failing") {  // what the program sees after a failed fsync
    const std::string text(kPage, 'w');
    memset(at, 'n', kPage);
    check(pwrite(fd, text.data(), kPage, kPage) == kPage, "pwrite");
    check(pwrite(fd, text.data(), kPage, kBytes) == kPage, "pwrite");
    say_synced(fsync(fd));
    show();
    say_synced(fsync(fd));
    putchar(10);
    fflush(stdout);
  } else if (how == "mapped") {  // the same with msync
    memset(at, 'n', kBytes);
    say_synced(msync(at + kPage, kPage, MS_SYNC));
    show();
    say_synced(msync(at + kPage, kPage, MS_SYNC));
    say_synced(fsync(fd));
    putchar(10);
    fflush(stdout);
  } else if (how == "other") {  // who was told is the open file that was mapped, whatever is open
    tell_other(fd, at);
  } else if (how == "child") {
    in_child(at, 'n');
    munmap(at, kBytes);
    check(fdatasync(fd) == 0, "fdatasync");
  } else if (how == "sync") {
    memset(at, 'n', kBytes);
    unlink("other");
    rename("file", "other");
    sync();
    rename("other", "file");
    sync();
  } else if (how == "write") {
    memset(at, 'n', kBytes);
    check(pwrite(fd, "wwwwwwww", 8, kPage) == 8, "pwrite");
    check(msync(at + kPage, kPage, MS_SYNC) == 0, "msync");
    memset(at, 'm', kPage);
  } else if (how == "later") {
    check(mprotect(at, kBytes, PROT_READ | PROT_WRITE) == 0, "mprotect");
    memset(at, 'n', kBytes);
  } else if (how == "truncate") {
    store_and_cut(fd, at);
  }
}

}  // namespace

int main(int, char** arguments) {
  const std::string how = arguments[1];
  if (how == "show") return show(), 0;
  const int fd = open("file", O_RDWR | O_CREAT, 0644);
  check(fd >= 0, "open");
  const std::string old(kBytes, 'o');
  check(write(fd, old.data(), kBytes) == kBytes, "write");
  fsync(fd);
  fsync(open(".", O_RDONLY));
  char* at = map(fd, how == "later" ? PROT_READ : PROT_READ | PROT_WRITE);
  store(how, fd, at);
  open("cut", O_RDWR | O_CREAT, 0644);
  return 0;
}
