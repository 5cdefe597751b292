// sendfile and copy_file_range: from a file to a pipe that fills up, to a file, with an offset.
#include <sys/sendfile.h>

#include "io/io.hpp"

int main() {
  char name[] = "/tmp/io_sendfile_XXXXXX";
  const int file = mkstemp(name);
  unlink(name);
  const std::string text(200000, 's');
  put(file, text);
  Pipe pipe;
  std::thread sender([&] {
    off_t offset = 0;
    size_t left = text.size();
    while (left > 0) {
      const ssize_t sent = sendfile(pipe.write_end, file, &offset, left);
      EXPECT(sent > 0);
      left -= static_cast<size_t>(sent);
    }
    EXPECT_EQ(sendfile(pipe.write_end, file, &offset, 10), 0);
    pipe.close_write();
  });
  EXPECT(get_all(pipe.read_end) == text);
  sender.join();
  signal(SIGPIPE, SIG_IGN);
  Pipe broken;
  broken.close_read();
  off_t zero = 0;
  EXPECT_ERRNO(sendfile(broken.write_end, file, &zero, 10), EPIPE);
  Pipe full(O_NONBLOCK);
  ssize_t sent;
  size_t total = 0;
  while ((sent = sendfile(full.write_end, file, &zero, 100000)) > 0)
    total += static_cast<size_t>(sent);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(total, 65536u);

  const int copy = fileno(tmpfile());
  EXPECT_EQ(lseek(file, 100, SEEK_SET), 100);
  EXPECT_EQ(sendfile(copy, file, nullptr, 1000), 1000);
  EXPECT_EQ(lseek(file, 0, SEEK_CUR), 1100);
  off_t from = 0, to = 1000;
  EXPECT_EQ(copy_file_range(file, &from, copy, &to, 500, 0), 500);
  EXPECT_EQ(lseek(copy, 0, SEEK_END), 1500);
  return ok();
}
