// Cancellation in accept, recv and connect-side waits of unix sockets, and in a blocking record
// lock.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "thread/cancel.hpp"

static int listener, pair[2], locked_file;
static void do_accept() { accept(listener, nullptr, nullptr); }
static void do_recv() {
  char byte;
  EXPECT(recv(pair[0], &byte, 1, 0) == 99);
}
static void do_recvmsg() {
  char byte;
  iovec part = {&byte, 1};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  EXPECT(recvmsg(pair[0], &message, 0) == 99);
}
static void do_record_lock() {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  EXPECT(fcntl(locked_file, F_SETLKW, &lock) == 99);
}

int main() {
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)), 0);
  EXPECT_EQ(listen(listener, 1), 0);
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  FILE* file = tmpfile();
  EXPECT(file != nullptr);
  locked_file = fileno(file);
  int ready[2], finish[2];
  EXPECT_EQ(pipe(ready), 0);
  EXPECT_EQ(pipe(finish), 0);
  const pid_t child = start_child([&] {
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    EXPECT_EQ(fcntl(locked_file, F_SETLK, &lock), 0);
    EXPECT_EQ(write(ready[1], "r", 1), 1);
    close(finish[1]);
    char byte;
    EXPECT_EQ(read(finish[0], &byte, 1), 0);
  });
  char byte;
  EXPECT_EQ(read(ready[0], &byte, 1), 1);
  expect_cancelled<do_accept>();
  expect_cancelled<do_recv>();
  expect_cancelled<do_recvmsg>();
  expect_cancelled<do_record_lock>();
  close(finish[1]);
  EXPECT_CHILD_OK(child);
  return ok();
}
