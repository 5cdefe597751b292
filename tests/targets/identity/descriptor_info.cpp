// /proc/self/fdinfo: position, flags and the number that stat shows.
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "file/file.hpp"

int main() {
  const Directory directory;
  write_file("file", "0123456789");
  const int fd = open("file", O_RDWR | O_APPEND);
  EXPECT_EQ(lseek(fd, 7, SEEK_SET), 7);
  const auto info = read_file(("/proc/self/fdinfo/" + std::to_string(fd)).c_str());
  EXPECT_EQ(info.find("pos:\t7\n"), 0u);
  long number = 0;
  if (const auto at = info.find("ino:\t"); at != info.npos) {
    number = atol(info.c_str() + at + 5);
    EXPECT_EQ(number, static_cast<long>(status_at("file").st_ino));
  }
  OBS("%ld", number);
  const int event = eventfd(3, 0), poll = epoll_create1(0);
  epoll_event interest = {EPOLLIN, {.u64 = 5}};
  EXPECT_EQ(epoll_ctl(poll, EPOLL_CTL_ADD, event, &interest), 0);
  OBS("%s", read_file(("/proc/self/fdinfo/" + std::to_string(event)).c_str()).c_str());
  OBS("%s", read_file(("/proc/self/fdinfo/" + std::to_string(poll)).c_str()).c_str());
  EXPECT_ERRNO(open("/proc/self/fdinfo/999", O_RDONLY), ENOENT);
  return ok();
}
