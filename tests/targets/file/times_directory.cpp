// A directory changes when an entry comes, goes or is renamed, and not when a file in it is
// written.
#include "file/file.hpp"

template <class Change>
static void expect_change(const char* directory, bool expected, Change change) {
  const auto before = modified_at(directory);
  let_time_pass();
  change();
  EXPECT_EQ(modified_at(directory) > before, expected);
}

int main() {
  const Directory directory;
  EXPECT_EQ(mkdir("a", 0755), 0);
  EXPECT_EQ(mkdir("b", 0755), 0);
  OBS("%lld", modified_at("a"));
  expect_change("a", true, [] { write_file("a/one", "x"); });
  expect_change("a", false, [] { write_file("a/one", "y"); });
  expect_change("a", true, [] { EXPECT_EQ(link("a/one", "a/two"), 0); });
  expect_change("a", true, [] { EXPECT_EQ(unlink("a/two"), 0); });
  expect_change("a", true, [] { EXPECT_EQ(symlink("one", "a/name"), 0); });
  expect_change("a", true, [] { EXPECT_EQ(mkdir("a/sub", 0755), 0); });
  expect_change("a", true, [] { EXPECT_EQ(rmdir("a/sub"), 0); });
  expect_change("a", true, [] { EXPECT_EQ(mkfifo("a/fifo", 0644), 0); });
  expect_change("b", true, [] { EXPECT_EQ(rename("a/fifo", "b/fifo"), 0); });
  expect_change("a", true, [] { EXPECT_EQ(rename("b/fifo", "a/fifo"), 0); });
  expect_change("b", false, [] { EXPECT_EQ(chmod("b", 0700), 0); });
  const int fd = open("b", O_RDONLY | O_DIRECTORY);
  expect_change("b", true, [fd] {
    const int file = openat(fd, "file", O_CREAT | O_WRONLY | O_EXCL, 0644);
    EXPECT(file >= 0);
    close(file);
  });
  expect_change("b", true, [fd] { EXPECT_EQ(unlinkat(fd, "file", 0), 0); });
  close(fd);
  return ok();
}
