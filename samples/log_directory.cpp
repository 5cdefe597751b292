// A write-ahead log that rotates: each segment is synced, but not the directory that has its name.
// A transaction is acknowledged when its record is synced; when the power fails, a disk that obeys
// POSIX may have the record and no name for it (profile posix-strict).
//
//   detsim run --seed 1 --faults log_directory.yaml --then 'log_directory check' -- log_directory
//
// What was acknowledged is noted outside of the disk, as a client would remember it.
//
// The cure (log_directory_fixed.cpp): fsync the directory when a segment was made.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr int kTransactions = 12, kPerSegment = 3;
constexpr const char* kAcknowledged = "/tmp/log_directory.acknowledged";

std::string segment_of(int number) { return "segment" + std::to_string(number / kPerSegment); }

void must(bool done) {
  if (done) return;
  std::perror("log_directory");
  std::_Exit(2);
}

void append(const std::string& path, const std::string& text) {
  const bool is_new = access(path.c_str(), F_OK) != 0;
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  must(fd >= 0);
  must(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  must(fsync(fd) == 0);
  close(fd);
#ifdef FIXED
  if (is_new) {
    const int directory = open(".", O_RDONLY | O_DIRECTORY);
    must(directory >= 0 && fsync(directory) == 0);
    close(directory);
  }
#else
  static_cast<void>(is_new);  // the bug: the file is durable, its name is not
#endif
}

// Counts the records that are there, of those that were acknowledged.
int check() {
  int acknowledged = 0, wrong = 0;
  if (std::FILE* file = std::fopen(kAcknowledged, "r")) {
    must(std::fscanf(file, "%d", &acknowledged) == 1);
    std::fclose(file);
  }
  for (int i = 0; i < acknowledged; ++i) {
    char text[256] = {};
    const int fd = open(segment_of(i).c_str(), O_RDONLY);
    if (fd >= 0) must(read(fd, text, sizeof text - 1) >= 0), close(fd);
    const auto record = "[" + std::to_string(i) + "]";
    if (std::strstr(text, record.c_str()) == nullptr) ++wrong;
  }
  std::printf("%d of %d acknowledged transactions are lost\n", wrong, acknowledged);
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char**) {
  if (count > 1) return check();
  unlink(kAcknowledged);
  for (int i = 0; i < kTransactions; ++i) {
    append(segment_of(i), "[" + std::to_string(i) + "]");
    std::FILE* file = std::fopen(kAcknowledged, "w");
    must(file != nullptr);
    std::fprintf(file, "%d", i + 1);
    must(std::fclose(file) == 0);
  }
  return 0;
}
