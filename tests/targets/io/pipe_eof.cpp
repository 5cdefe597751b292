// The last writer's close, in whichever process, ends a waiting read with 0.
#include "io/io.hpp"

int main() {
  {
    Pipe pipe;
    std::thread closer([&] {
      sleep_ms(3);
      pipe.close_write();
    });
    EXPECT_EQ(get(pipe.read_end), "");
    closer.join();
  }
  {  // a child's exit closes
    Pipe pipe;
    const pid_t child = start_child([&] {
      pipe.close_read();
      put(pipe.write_end, "from child");
      sleep_ms(3);
    });
    pipe.close_write();
    EXPECT_EQ(get_all(pipe.read_end), "from child");
    EXPECT_CHILD_OK(child);
  }
  {  // a duplicate keeps it open
    Pipe pipe;
    const int copy = dup(pipe.write_end);
    pipe.close_write();
    std::thread closer([&] {
      put(copy, "x");
      sleep_ms(3);
      close(copy);
    });
    EXPECT_EQ(get_all(pipe.read_end), "x");
    closer.join();
  }
  {  // execve closes what is marked
    Pipe pipe(O_CLOEXEC);
    const pid_t child = start_child([&] { execl("/bin/sleep", "sleep", "0.01", nullptr); });
    pipe.close_write();
    EXPECT_EQ(get_all(pipe.read_end), "");
    EXPECT_CHILD_OK(child);
  }
  return ok();
}
