// Writes in the wrong order. A small store counts its records in a header; it writes the header
// first and the record after it. A process that is killed in between leaves a header that counts
// a record which is not there.
//
// The cure: write the record, make it durable, then the header.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

struct Header {
  std::uint64_t records = 0;
};
struct Record {
  char text[32] = "an entry of the log";
};

off_t place_of(std::uint64_t index) {
  return static_cast<off_t>(sizeof(Header) + index * sizeof(Record));
}

[[noreturn]] void write_for_ever(int file) {
  const Record record;
  for (Header header;;) {
    const auto place = place_of(header.records);
    ++header.records;
    if (pwrite(file, &header, sizeof header, 0) < 0) _exit(2);  // the bug: too early
    if (pwrite(file, &record, sizeof record, place) < 0) _exit(2);
    if (header.records == 1000) _exit(0);
  }
}

}  // namespace

int main() {
  char path[] = "/tmp/log_store.XXXXXX";
  const int file = mkstemp(path);
  if (file < 0) return 2;
  unlink(path);
  const pid_t writer = fork();
  if (writer < 0) return 2;
  if (writer == 0) write_for_ever(file);
  usleep(5);  // the power fails
  kill(writer, SIGKILL);
  waitpid(writer, nullptr, 0);

  Header header;
  struct stat status;
  if (pread(file, &header, sizeof header, 0) < 0 || fstat(file, &status) != 0) return 2;
  const bool whole = status.st_size >= place_of(header.records) || header.records == 0;
  std::printf("%llu records are counted, and the last one is %s\n",
              static_cast<unsigned long long>(header.records), whole ? "there" : "missing");
  return whole ? 0 : 1;
}
