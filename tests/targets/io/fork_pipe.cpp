// A parent and four children over pipes, a ring of processes, and the order of what arrives.
#include "io/io.hpp"

int main() {
  constexpr int kChildren = 4, kRounds = 25;
  std::vector<Pipe> links(kChildren + 1);
  std::vector<pid_t> children;
  for (int i = 0; i < kChildren; ++i) {
    children.push_back(start_child([&] {
      for (;;) {
        int token;
        const auto bytes = read(links[static_cast<size_t>(i)].read_end, &token, sizeof token);
        EXPECT_EQ(bytes, static_cast<ssize_t>(sizeof token));
        token = token < 0 ? token : token + 1;
        EXPECT_EQ(write(links[static_cast<size_t>(i) + 1].write_end, &token, sizeof token), 4);
        if (token < 0) return;
      }
    }));
  }
  int token = 0;
  for (int round = 0; round < kRounds; ++round) {
    EXPECT_EQ(write(links[0].write_end, &token, sizeof token), 4);
    EXPECT_EQ(read(links[kChildren].read_end, &token, sizeof token), 4);
  }
  EXPECT_EQ(token, kChildren * kRounds);
  token = -1;
  EXPECT_EQ(write(links[0].write_end, &token, sizeof token), 4);
  for (const pid_t child : children) EXPECT_CHILD_OK(child);

  Pipe shared;
  children.clear();
  for (int i = 0; i < kChildren; ++i) {
    children.push_back(start_child([&] {
      const std::string line = "child " + std::to_string(i) + "\n";
      for (int n = 0; n < 10; ++n) put(shared.write_end, line);
    }));
  }
  shared.close_write();
  const auto all = get_all(shared.read_end);
  EXPECT_EQ(all.size(), kChildren * 10 * 8u);
  OBS("%zu", std::hash<std::string>()(all));
  for (const pid_t child : children) EXPECT_CHILD_OK(child);
  return ok();
}
