// What the I/O tests share: threads that must have got somewhere, pipes, reading and writing whole.
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "expect.hpp"

struct Pipe {
  int read_end = -1, write_end = -1;
  explicit Pipe(int flags = 0) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, flags), 0);
    read_end = ends[0], write_end = ends[1];
  }
  ~Pipe() { close_read(), close_write(); }
  void close_read() { close_end(read_end); }
  void close_write() { close_end(write_end); }

 private:
  static void close_end(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
};

inline void put(int fd, const std::string& text) {
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

// One read(2).
inline std::string get(int fd, size_t most = 4096) {
  std::string buffer(most, 0);
  const ssize_t bytes = read(fd, buffer.data(), most);
  EXPECT(bytes >= 0);
  buffer.resize(static_cast<size_t>(bytes));
  return buffer;
}

inline std::string get_all(int fd) {
  std::string all;
  for (;;) {
    const auto piece = get(fd);
    if (piece.empty()) return all;
    all += piece;
  }
}

inline short poll_one(int fd, short events, int timeout_ms) {
  pollfd item = {fd, events, 0};
  const int ready = poll(&item, 1, timeout_ms);
  EXPECT(ready >= 0);
  return item.revents;
}

inline void handle_signal(int number, void (*handler)(int), int flags = 0) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  EXPECT_EQ(sigaction(number, &action, nullptr), 0);
}

inline sigset_t signals_of(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}
