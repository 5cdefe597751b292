// What the socket tests share: names, pairs, whole transfers.
#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <string>
#include <thread>
#include <vector>

#include "expect.hpp"

struct Pair {
  int a, b;
};

static inline Pair make_pair_of(int type) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, type, 0, ends), 0);
  return {ends[0], ends[1]};
}

static inline void write_all(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t result = write(fd, text.data() + done, text.size() - done);
    EXPECT(result > 0);
    done += static_cast<size_t>(result);
  }
}

static inline std::string read_exactly(int fd, size_t bytes) {
  std::string text(bytes, 0);
  size_t done = 0;
  while (done < bytes) {
    const ssize_t result = read(fd, text.data() + done, bytes - done);
    EXPECT(result > 0);
    done += static_cast<size_t>(result);
  }
  return text;
}

static inline void set_nonblocking(int fd) {
  EXPECT_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

struct UnixName {
  sockaddr_un address = {};
  socklen_t length = 0;
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&address); }
};

static inline UnixName path_name(const std::string& path) {
  UnixName name;
  name.address.sun_family = AF_UNIX;
  EXPECT(path.size() < sizeof name.address.sun_path);
  memcpy(name.address.sun_path, path.data(), path.size());
  name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return name;
}

static inline UnixName abstract_name(const std::string& text) {
  UnixName name;
  name.address.sun_family = AF_UNIX;
  memcpy(name.address.sun_path + 1, text.data(), text.size());
  name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  return name;
}

static inline sockaddr_in inet_name(uint32_t address, uint16_t port) {
  sockaddr_in name = {};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(address);
  name.sin_port = htons(port);
  return name;
}

template <class Name>
const sockaddr* as_sockaddr(const Name& name) {
  return reinterpret_cast<const sockaddr*>(&name);
}

static inline uint16_t port_of(int fd) {
  sockaddr_storage name;
  socklen_t length = sizeof name;
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length), 0);
  return ntohs(reinterpret_cast<sockaddr_in*>(&name)->sin_port);  // at one place in both families
}

// A listening TCP socket on 127.0.0.1, at a port of the system's choice.
static inline int tcp_listener(uint16_t& port, int backlog = 8) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT(fd >= 0);
  const sockaddr_in name = inet_name(INADDR_LOOPBACK, 0);
  EXPECT_EQ(bind(fd, as_sockaddr(name), sizeof name), 0);
  EXPECT_EQ(listen(fd, backlog), 0);
  port = port_of(fd);
  EXPECT(port != 0);
  return fd;
}

static inline int tcp_connect(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT(fd >= 0);
  const sockaddr_in name = inet_name(INADDR_LOOPBACK, port);
  EXPECT_EQ(connect(fd, as_sockaddr(name), sizeof name), 0);
  return fd;
}

static inline int poll_one(int fd, short events, int timeout_ms) {
  pollfd look = {fd, events, 0};
  const int result = poll(&look, 1, timeout_ms);
  EXPECT(result >= 0);
  return look.revents;
}
