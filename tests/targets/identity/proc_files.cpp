// Files of /proc that are read in pieces, twice, or from their start again; and what is written.
#include <sys/prctl.h>

#include "file/file.hpp"

int main() {
  const int comm = open("/proc/self/comm", O_RDWR);
  EXPECT(comm >= 0);
  char text[64] = {};
  EXPECT(read(comm, text, 3) == 3);
  EXPECT_EQ(write(comm, "renamed", 7), 7);
  char name[16] = {};
  EXPECT_EQ(prctl(PR_GET_NAME, name), 0);
  EXPECT_EQ(std::string(name), std::string("renamed"));
  EXPECT_EQ(lseek(comm, 0, SEEK_SET), 0);
  EXPECT_EQ(read(comm, text, sizeof text), 8);
  EXPECT_EQ(std::string(text, 8), std::string("renamed\n"));
  EXPECT_EQ(read(comm, text, sizeof text), 0);
  EXPECT_EQ(pread(comm, text, 3, 2), 3);
  EXPECT_EQ(std::string(text, 3), std::string("nam"));
  close(comm);
  const int uptime = open("/proc/uptime", O_RDONLY);
  EXPECT_ERRNO(write(uptime, "x", 1), EBADF);
  double before = 0, after = 0;
  EXPECT(read(uptime, text, sizeof text) > 0);
  before = atof(text);
  sleep_ms(1500);
  EXPECT_EQ(lseek(uptime, 0, SEEK_SET), 0);
  EXPECT(read(uptime, text, sizeof text) > 0);
  after = atof(text);
  EXPECT(after - before > 1.0);
  OBS("%.2f %.2f", before, after);
  EXPECT_EQ(fcntl(uptime, F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(fcntl(uptime, F_GETFD), 0);
  const int close_on_exec = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(fcntl(close_on_exec, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(close_on_exec, uptime + 1);
  EXPECT_ERRNO(open("/proc/uptime", O_RDONLY | O_DIRECTORY), ENOTDIR);
  struct stat status;
  EXPECT_EQ(fstat(uptime, &status), 0);
  EXPECT(S_ISREG(status.st_mode));
  EXPECT_EQ(status.st_size, 0);
  EXPECT_EQ(status.st_mode & 0777, 0444u);
  return ok();
}
