// Writing moves the times on; they agree with the clock that the program reads.
#include "file/file.hpp"

int main() {
  const Directory directory;
  const auto start = now_ns(CLOCK_REALTIME) - 20'000'000;  // file systems round down, natively
  write_file("file", "one");
  const auto made = modified_at("file");
  OBS("%lld", made);
  EXPECT(made >= start && made <= now_ns(CLOCK_REALTIME));
  EXPECT_EQ(changed_at("file"), made);
  let_time_pass();
  EXPECT_EQ(read_file("file"), std::string("one"));
  EXPECT_EQ(modified_at("file"), made);
  write_file("file", "two", O_APPEND);
  const auto appended = modified_at("file");
  EXPECT(appended > made);
  EXPECT_EQ(changed_at("file"), appended);
  let_time_pass();
  EXPECT_EQ(truncate("file", 2), 0);
  const auto cut = modified_at("file");
  EXPECT(cut > appended);
  let_time_pass();
  const int fd = open("file", O_RDWR);
  EXPECT_EQ(pwrite(fd, "x", 1, 0), 1);
  const auto again = modified_at("file");
  EXPECT(again > cut);
  let_time_pass();
  EXPECT_EQ(chmod("file", 0600), 0);
  EXPECT_EQ(modified_at("file"), again);
  EXPECT(changed_at("file") > again);
  let_time_pass();
  write_file("file", "");
  EXPECT(modified_at("file") > again);
  EXPECT(modified_at("file") <= now_ns(CLOCK_REALTIME));
  close(fd);
  return ok();
}
