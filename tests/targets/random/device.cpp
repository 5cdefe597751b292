// /dev/urandom and /dev/random draw from the run's own stream, however they are read.
#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <set>

#include "expect.hpp"

static std::set<unsigned long> seen;

static void show(const char* how, unsigned long value) {
  OBS("%s %016lx", how, value);
  EXPECT(seen.insert(value).second);
}

static int send_over(int fd) {  // through a socket: another description of the same file
  int pair[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  char byte = 'x';
  iovec data{&byte, 1};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(head), &fd, sizeof fd);
  EXPECT_EQ(sendmsg(pair[0], &message, 0), 1);
  EXPECT_EQ(recvmsg(pair[1], &message, 0), 1);
  int received;
  memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof received);
  close(pair[0]);
  close(pair[1]);
  return received;
}

int main() {
  unsigned long value = 0;
  for (const char* path : {"/dev/urandom", "/dev/random"}) {
    const int fd = open(path, O_RDONLY);
    EXPECT(fd >= 0);
    struct stat status;
    EXPECT_EQ(fstat(fd, &status), 0);
    EXPECT(S_ISCHR(status.st_mode));
    EXPECT_EQ(read(fd, &value, sizeof value), 8);
    show("read", value);
    const int copy = dup(fd);
    EXPECT_EQ(read(copy, &value, sizeof value), 8);
    show("dup", value);
    iovec pieces[2] = {{&value, 3}, {reinterpret_cast<char*>(&value) + 3, 5}};
    EXPECT_EQ(readv(fd, pieces, 2), 8);
    show("readv", value);
    const int sent = send_over(fd);
    EXPECT_EQ(read(sent, &value, sizeof value), 8);
    show("sent", value);
    EXPECT_ERRNO(read(fd, reinterpret_cast<void*>(8), 8), EFAULT);
    EXPECT_EQ(read(fd, &value, 0), 0);
    fflush(stdout);
    EXPECT_CHILD_OK(start_child([fd] {
      unsigned long inherited = 0;
      EXPECT_EQ(read(fd, &inherited, sizeof inherited), 8);
      show("inherited", inherited);
    }));
    close(copy);
    close(sent);
    close(fd);
    FILE* stream = fopen(path, "r");
    EXPECT_EQ(fread(&value, 8, 1, stream), 1u);
    show("stdio", value);
    fclose(stream);
  }
  EXPECT_EQ(symlink("/dev/urandom", "/tmp/detsim-test-urandom"), 0);
  const int fd = open("/tmp/detsim-test-urandom", O_RDONLY);
  unlink("/tmp/detsim-test-urandom");
  EXPECT_EQ(read(fd, &value, sizeof value), 8);
  show("link", value);
  EXPECT_EQ(getrandom(&value, sizeof value, 0), 8);
  show("getrandom", value);
  return ok();
}
