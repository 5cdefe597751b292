// inotify: events of this process and of others are waited for; names, cookies that pair.
#include <sys/inotify.h>
#include <sys/stat.h>

#include "io/io.hpp"

struct Seen {
  uint32_t mask, cookie;
  std::string name;
};

static std::vector<Seen> events(int fd) {
  alignas(inotify_event) char buffer[4096];
  const ssize_t bytes = read(fd, buffer, sizeof buffer);
  EXPECT(bytes > 0);
  std::vector<Seen> all;
  for (ssize_t at = 0; at < bytes;) {
    const auto* event = reinterpret_cast<inotify_event*>(buffer + at);
    all.push_back({event->mask, event->cookie, event->len != 0 ? event->name : ""});
    at += static_cast<ssize_t>(sizeof *event + event->len);
  }
  return all;
}

int main() {
  char directory[] = "/tmp/io_inotify_XXXXXX";
  EXPECT(mkdtemp(directory) != nullptr);
  const std::string base = directory;
  const int fd = inotify_init1(IN_CLOEXEC);
  EXPECT_EQ(inotify_add_watch(fd, directory, IN_CREATE | IN_MOVE | IN_DELETE), 1);
  EXPECT_EQ(poll_one(fd, POLLIN, 3), 0);
  std::thread maker([&] {
    sleep_ms(3);
    close(open((base + "/a").c_str(), O_CREAT | O_WRONLY, 0600));
  });
  auto seen = events(fd);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].mask, static_cast<uint32_t>(IN_CREATE));
  EXPECT_EQ(seen[0].name, "a");
  maker.join();

  const int epoll = epoll_create1(0);
  epoll_event event = {EPOLLIN, {}};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  const pid_t child = start_child([&] {
    sleep_ms(3);
    EXPECT_EQ(rename((base + "/a").c_str(), (base + "/b").c_str()), 0);
  });
  EXPECT_EQ(epoll_wait(epoll, &event, 1, -1), 1);
  seen = events(fd);
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].mask, static_cast<uint32_t>(IN_MOVED_FROM));
  EXPECT_EQ(seen[1].name, "b");
  EXPECT(seen[0].cookie != 0 && seen[0].cookie == seen[1].cookie);
  OBS("cookie %u", seen[0].cookie);
  EXPECT_CHILD_OK(child);
  unlink((base + "/b").c_str());
  EXPECT_EQ(events(fd)[0].mask, static_cast<uint32_t>(IN_DELETE));
  rmdir(directory);
  return ok();
}
