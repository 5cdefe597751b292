// Many clients at one server: a thread per connection, and one epoll for all of them.
#include <sys/epoll.h>

#include "socket/socket.hpp"

constexpr int kClients = 6, kRounds = 20;

static void talk(int fd, int id) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = "client " + std::to_string(id) + " round " + std::to_string(round);
    write_all(fd, text);
    EXPECT_EQ(read_exactly(fd, text.size()), text);
  }
  EXPECT_EQ(close(fd), 0);
}

static void echo(int fd) {
  char buffer[256];
  for (;;) {
    const ssize_t bytes = read(fd, buffer, sizeof buffer);
    if (bytes == 0) break;
    EXPECT(bytes > 0);
    write_all(fd, std::string(buffer, static_cast<size_t>(bytes)));
  }
  EXPECT_EQ(close(fd), 0);
}

static void thread_per_connection() {
  uint16_t port;
  const int listener = tcp_listener(port);
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) threads.emplace_back([=] { talk(tcp_connect(port), i); });
  for (int i = 0; i < kClients; ++i) {
    const int fd = accept(listener, nullptr, nullptr);
    EXPECT(fd >= 0);
    threads.emplace_back(echo, fd);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(close(listener), 0);
}

static void one_epoll(int listener, pid_t (&children)[kClients]) {
  set_nonblocking(listener);
  const int set = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event = {EPOLLIN, {.fd = listener}};
  EXPECT_EQ(epoll_ctl(set, EPOLL_CTL_ADD, listener, &event), 0);
  int ended = 0, most = 0;
  while (ended < kClients) {
    epoll_event events[8];
    const int count = epoll_wait(set, events, 8, -1);
    EXPECT(count > 0);
    if (count > most) most = count;
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        int accepted;
        while ((accepted = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
          event = {EPOLLIN | EPOLLET, {.fd = accepted}};
          EXPECT_EQ(epoll_ctl(set, EPOLL_CTL_ADD, accepted, &event), 0);
        }
        EXPECT_EQ(errno, EAGAIN);
        continue;
      }
      char buffer[64];
      ssize_t bytes;
      while ((bytes = read(fd, buffer, sizeof buffer)) > 0) {
        write_all(fd, std::string(buffer, static_cast<size_t>(bytes)));
      }
      if (bytes == 0) {
        ++ended;
        EXPECT_EQ(close(fd), 0);
      } else {
        EXPECT_EQ(errno, EAGAIN);
      }
    }
  }
  OBS("most at once %d", most);
  for (const pid_t child : children) EXPECT_CHILD_OK(child);
  EXPECT_EQ(close(set), 0);
}

int main() {
  thread_per_connection();
  pid_t children[kClients];
  uint16_t port;
  int listener = tcp_listener(port);
  for (int i = 0; i < kClients; ++i) {
    children[i] = start_child([=] { talk(tcp_connect(port), i); });
  }
  one_epoll(listener, children);
  const UnixName name = abstract_name("servers-" + std::to_string(getpid()));
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(bind(listener, name.data(), name.length), 0);
  EXPECT_EQ(listen(listener, 2), 0);
  for (int i = 0; i < kClients; ++i) {
    children[i] = start_child([&, i] {
      const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
      EXPECT_EQ(connect(fd, name.data(), name.length), 0);
      talk(fd, i);
    });
  }
  one_epoll(listener, children);
  return ok();
}
