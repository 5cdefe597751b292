// The new image gets exactly the variables that the caller passed, in their order, LD_PRELOAD
// included, whether there are many, none, or no list at all; and an argv[0] when there was none.
#include <sys/syscall.h>

#include <vector>

#include "expect.hpp"

extern char** environ;

static std::string seen(int argc) {
  std::string all = std::to_string(argc);
  for (char** variable = environ; *variable != nullptr; ++variable)
    all += std::string("|") + *variable;
  return all;
}

static void expect_seen(const char* wanted, std::vector<const char*> variables,
                        bool no_list = false) {
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  const pid_t pid = start_child([&] {
    dup2(channel[1], 9);
    variables.push_back(nullptr);
    const char* arguments[] = {"exec_environment", "show", nullptr};
    syscall(SYS_execve, "/proc/self/exe", arguments, no_list ? nullptr : variables.data());
    _exit(2);
  });
  EXPECT_CHILD_OK(pid);
  char text[4096] = {};
  EXPECT(read(channel[0], text, sizeof text - 1) > 0);
  EXPECT_EQ(std::string(text), std::string(wanted));
  close(channel[0]);
  close(channel[1]);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "show") == 0) {
    const auto all = seen(argc);
    return write(9, all.data(), all.size()) == static_cast<ssize_t>(all.size()) ? 0 : 1;
  }
  expect_seen("2|A=1|B=2", {"A=1", "B=2"});
  expect_seen("2", {});
  expect_seen("2", {}, true);
  expect_seen("2|A=1|LD_PRELOAD=libm.so.6|B=2", {"A=1", "LD_PRELOAD=libm.so.6", "B=2"});
  expect_seen("2|LD_PRELOAD=", {"LD_PRELOAD="});
  expect_seen("2|odd", {"odd"});
  const std::string big = "BIG=" + std::string(3000, 'x');
  expect_seen(("2|" + big).c_str(), {big.c_str()});
  return ok();
}
