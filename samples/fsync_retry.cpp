// A write-ahead log that tries fsync again when it failed. The second fsync succeeds: the kernel
// has told of the failure once and taken the pages for clean, and they will never be written
// (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
//
//   detsim run --seed 31 --faults fsync_retry.yaml --then 'fsync_retry check' -- fsync_retry
//
// What was acknowledged is noted outside of the disk, as a client would remember it.
//
// The cure (fsync_retry_fixed.cpp): after a failed fsync write the record again, elsewhere; nothing
// in the old place is relied on.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr int kTransactions = 12;
constexpr std::size_t kRecordBytes = 4096;
constexpr const char* kAcknowledged = "/tmp/fsync_retry.acknowledged";

void must(bool done) {
  if (done) return;
  std::perror("fsync_retry");
  std::_Exit(2);
}

std::string record_of(int number) {
  return std::string(kRecordBytes, static_cast<char>('A' + number));
}

bool append(int fd, int number) {
  const auto record = record_of(number);
  must(write(fd, record.data(), record.size()) == static_cast<ssize_t>(record.size()));
  return fsync(fd) == 0;
}

void log(int fd, int number) {
  bool done = append(fd, number);
  while (!done) {
#ifdef FIXED
    done = append(fd, number);
#else
    done = fsync(fd) == 0;  // the bug: there is nothing left to sync
#endif
  }
}

// Looks for the records that were acknowledged.
int check() {
  int acknowledged = 0, wrong = 0;
  if (std::FILE* file = std::fopen(kAcknowledged, "r")) {
    must(std::fscanf(file, "%d", &acknowledged) == 1);
    std::fclose(file);
  }
  bool found[kTransactions] = {};
  const int fd = open("log", O_RDONLY);
  std::string record(kRecordBytes, 0);
  while (fd >= 0 && read(fd, record.data(), record.size()) == kRecordBytes) {
    for (int i = 0; i < kTransactions; ++i) found[i] |= record == record_of(i);
  }
  for (int i = 0; i < acknowledged; ++i) wrong += found[i] ? 0 : 1;
  std::printf("%d of %d acknowledged transactions are lost\n", wrong, acknowledged);
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char**) {
  if (count > 1) return check();
  unlink(kAcknowledged);
  const int fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0666);
  must(fd >= 0 && fsync(fd) == 0);
  const int directory = open(".", O_RDONLY | O_DIRECTORY);
  must(directory >= 0 && fsync(directory) == 0);
  for (int i = 0; i < kTransactions; ++i) {
    log(fd, i);
    std::FILE* file = std::fopen(kAcknowledged, "w");
    must(file != nullptr);
    std::fprintf(file, "%d", i + 1);
    must(std::fclose(file) == 0);
  }
  return 0;
}
