// The links of /proc and paths that lead through them.
#include "file/file.hpp"

static std::string link_at(const std::string& path) {
  char text[4096];
  const ssize_t length = readlink(path.c_str(), text, sizeof text);
  EXPECT(length > 0);
  return std::string(text, static_cast<size_t>(length));
}

int main() {
  const auto pid = std::to_string(getpid());
  EXPECT_EQ(link_at("/proc/self"), pid);
  EXPECT_EQ(link_at("/proc/thread-self"), pid + "/task/" + pid);
  EXPECT_EQ(link_at("/proc/" + pid + "/exe"), link_at("/proc/self/exe"));
  EXPECT(link_at("/proc/self/exe").find("proc_links") != std::string::npos);
  const Directory directory;
  EXPECT_EQ(link_at("/proc/self/cwd"), directory.path());
  write_file("file", "x");
  const int fd = open("file", O_RDONLY);
  const auto number = std::to_string(fd);
  EXPECT_EQ(link_at("/proc/self/fd/" + number), directory.path() + "/file");
  EXPECT_EQ(link_at("/dev/fd/" + number), directory.path() + "/file");
  EXPECT_EQ(read_file(("/proc/" + pid + "/fd/" + number).c_str()), std::string("x"));
  EXPECT_EQ(status_at(("/proc/" + pid + "/cwd/file").c_str()).st_ino, status_at("file").st_ino);
  const int maps = open("/proc/self/maps", O_RDONLY);
  EXPECT_EQ(link_at("/proc/self/fd/" + std::to_string(maps)), "/proc/" + pid + "/maps");
  struct stat by_path, by_descriptor;
  EXPECT_EQ(stat(("/proc/" + pid + "/maps").c_str(), &by_path), 0);
  EXPECT_EQ(fstat(maps, &by_descriptor), 0);
  EXPECT_EQ(by_path.st_ino, by_descriptor.st_ino);
  EXPECT_EQ(by_path.st_dev, by_descriptor.st_dev);
  EXPECT_EQ(by_path.st_mode, by_descriptor.st_mode);
  EXPECT_EQ(by_descriptor.st_size, 0);
  close(maps);
  // Links to files of /proc, and a file opened by way of its own descriptor.
  EXPECT_EQ(symlink("/proc/self/comm", "name"), 0);
  EXPECT_EQ(read_file("name"), read_file("/proc/self/comm"));
  EXPECT_EQ(symlink("/proc/self/stat", "stat"), 0);
  EXPECT_EQ(read_file("stat").find(pid + " ("), 0u);
  const int place = open("/proc/self/stat", O_PATH);
  EXPECT_EQ(read_file(("/proc/self/fd/" + std::to_string(place)).c_str()).find(pid + " ("), 0u);
  EXPECT_EQ(close(place), 0);
  // Relative paths and odd spellings.
  EXPECT_EQ(chdir("/proc"), 0);
  EXPECT_EQ(read_file("self/comm"), read_file((pid + "/comm").c_str()));
  EXPECT_EQ(chdir("self"), 0);
  char text[256];
  EXPECT_EQ(std::string(getcwd(text, sizeof text)), "/proc/" + pid);
  EXPECT_EQ(read_file("comm"), read_file(("//proc/./self/../" + pid + "/comm").c_str()));
  const int proc = open("/proc", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(faccessat(proc, (pid + "/stat").c_str(), R_OK, 0), 0);
  const int comm = openat(proc, (pid + "/comm").c_str(), O_RDONLY);
  EXPECT(comm >= 0);
  EXPECT_EQ(read_file("/tmp/../proc/self/./comm"), read_file("/proc//self/comm"));
  EXPECT_ERRNO(open("/proc/999999/stat", O_RDONLY), ENOENT);
  EXPECT_ERRNO(access("/proc/self/task/999999", F_OK), ENOENT);
  EXPECT_ERRNO(open("/proc/self/nothing", O_RDONLY), ENOENT);
  return ok();
}
