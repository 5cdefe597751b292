// Cancellation in read() of an empty pipe and in write() to a full one.
#include <fcntl.h>
#include <unistd.h>

#include "thread/cancel.hpp"

static int empty[2], full[2];

static void do_read() {
  char byte;
  EXPECT(read(empty[0], &byte, 1) == 99);
}
static void do_write() {
  static char block[4096];
  for (;;) EXPECT_EQ(write(full[1], block, sizeof block), 4096);
}

int main() {
  EXPECT_EQ(pipe(empty), 0);
  EXPECT_EQ(pipe(full), 0);
  expect_cancelled<do_read>();
  expect_cancelled<do_write>();
  // Nothing was consumed on the way.
  EXPECT_EQ(write(empty[1], "y", 1), 1);
  char byte = 0;
  EXPECT_EQ(read(empty[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  return ok();
}
