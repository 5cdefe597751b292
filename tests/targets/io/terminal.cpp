// A pseudo-terminal: lines, echo, hang-up; reads wait; groups in the foreground.
#include <pty.h>
#include <termios.h>

#include "io/io.hpp"

int main() {
  int master, slave;
  EXPECT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  EXPECT(isatty(master) && isatty(slave));
  std::thread typist([&] {
    sleep_ms(3);
    put(master, "hel");
    sleep_ms(3);
    put(master, "lo\nmore");
  });
  EXPECT_EQ(get(slave), "hello\n");
  typist.join();
  EXPECT_EQ(get(master), "hello\r\nmore");
  EXPECT_EQ(poll_one(slave, POLLIN, 5), 0);
  put(master, "\n");
  EXPECT_EQ(poll_one(slave, POLLIN, -1), POLLIN);
  EXPECT_EQ(get(slave), "more\n");
  EXPECT_EQ(get(master), "\r\n");

  termios settings;
  EXPECT_EQ(tcgetattr(slave, &settings), 0);
  cfmakeraw(&settings);
  EXPECT_EQ(tcsetattr(slave, TCSANOW, &settings), 0);
  std::thread answering([&] {
    EXPECT_EQ(get(slave), "q");
    put(slave, "answer");
  });
  put(master, "q");
  EXPECT_EQ(get(master), "answer");
  answering.join();

  const pid_t child = start_child([&] {
    close(master);
    sleep_ms(3);
    put(slave, "bye");
  });
  close(slave);
  EXPECT_EQ(get(master), "bye");
  char byte;
  EXPECT_ERRNO(read(master, &byte, 1), EIO);
  EXPECT_CHILD_OK(child);
  close(master);
  return ok();
}
