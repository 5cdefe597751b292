// What the file tests share: a directory of one's own, and short forms of what they do most.
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "expect.hpp"

// A fresh directory that is removed at the end, and is the working directory meanwhile.
class Directory {
 public:
  Directory() {
    char name[] = "/tmp/detsim-test-XXXXXX";
    EXPECT(mkdtemp(name) != nullptr);
    path_ = name;
    EXPECT_EQ(chdir(name), 0);
  }
  ~Directory() {
    EXPECT_EQ(chdir("/"), 0);
    nftw(
        path_.c_str(), [](const char* path, const struct stat*, int, FTW*) { return remove(path); },
        16, FTW_DEPTH | FTW_PHYS);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void write_file(const char* path, const char* text, int flags = O_CREAT | O_TRUNC) {
  const int fd = open(path, O_WRONLY | flags, 0644);
  EXPECT(fd >= 0);
  EXPECT_EQ(write(fd, text, strlen(text)), static_cast<ssize_t>(strlen(text)));
  EXPECT_EQ(close(fd), 0);
}

inline std::string read_file(const char* path) {
  const int fd = open(path, O_RDONLY);
  EXPECT(fd >= 0);
  std::string text;
  char buffer[4096];
  for (ssize_t count; (count = read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<size_t>(count));
  }
  close(fd);
  return text;
}

inline struct stat status_at(const char* path) {
  struct stat status;
  EXPECT_EQ(lstat(path, &status), 0);
  return status;
}

inline long long ns_of(const struct timespec& time) {
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}
inline long long modified_at(const char* path) { return ns_of(status_at(path).st_mtim); }
inline long long changed_at(const char* path) { return ns_of(status_at(path).st_ctim); }

inline std::vector<std::string> names_in(const char* path) {
  std::vector<std::string> names;
  DIR* directory = opendir(path);
  EXPECT(directory != nullptr);
  while (const dirent* entry = readdir(directory)) names.push_back(entry->d_name);
  closedir(directory);
  return names;
}

// Natively the clock of files ticks every few milliseconds.
inline void let_time_pass() { sleep_ms(20); }
