// Newer and older agree with the order of writes, across processes, whoever asks first.
#include "file/file.hpp"

int main() {
  const Directory directory;
  write_file("source", "s");
  let_time_pass();
  EXPECT_CHILD_OK(start_child([] { write_file("object", "o"); }));
  EXPECT(modified_at("object") > modified_at("source"));
  let_time_pass();
  EXPECT_CHILD_OK(start_child([] { write_file("source", "t"); }));
  let_time_pass();
  EXPECT_CHILD_OK(start_child([] { write_file("late", "l"); }));
  EXPECT(modified_at("late") > modified_at("source"));
  EXPECT(modified_at("source") > modified_at("object"));
  // What was there before the run is older than what the run makes.
  EXPECT(modified_at("/proc/self/exe") < modified_at("object") ||
         modified_at("/etc/passwd") < modified_at("object"));
  EXPECT(modified_at("/etc/passwd") < now_ns(CLOCK_REALTIME));
  return ok();
}
