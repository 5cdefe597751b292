// What the tests of file locks share.
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include <string>

#include "expect.hpp"

// A file of its own for each run of a test; gone from its directory at once.
struct LockFile {
  std::string path = "filelock." + std::to_string(getpid());
  int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  LockFile() { EXPECT(fd >= 0); }
  ~LockFile() { unlink(path.c_str()); }
  int again() const {
    const int other = open(path.c_str(), O_RDWR);
    EXPECT(other >= 0);
    return other;
  }
};

static inline int lock(int fd, int command, short type, off_t start = 0, off_t length = 0) {
  struct flock wanted = {};
  wanted.l_type = type;
  wanted.l_whence = SEEK_SET;
  wanted.l_start = start;
  wanted.l_len = length;
  return fcntl(fd, command, &wanted);
}
