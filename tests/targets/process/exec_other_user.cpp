// A process that gave up its rights executes, and its children do: daemons, setpriv, su.
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "expect.hpp"

namespace {

constexpr unsigned kNobody = 65534;

int status_of(pid_t child) {
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// Descriptors that are open are those from before, whatever executing needs.
void expect_clean_failure() {
  const int before = dup(0);
  EXPECT_EQ(execl("/nonexistent/program", "program", nullptr), -1);
  EXPECT_EQ(errno, ENOENT);
  const int after = dup(0);
  EXPECT_EQ(after, before + 1);
  close(before);
  close(after);
}

void give_up_rights() {
  EXPECT_EQ(setgroups(0, nullptr), 0);
  EXPECT_EQ(setresgid(kNobody, kNobody, kNobody), 0);
  EXPECT_EQ(setresuid(kNobody, kNobody, kNobody), 0);
  EXPECT_EQ(setuid(0), -1);
}

void execute_as_nobody() {
  const pid_t child = fork();
  if (child == 0) {
    give_up_rights();
    // Where nobody may read what is tested, there is nothing to test.
    if (access(SUPPORT_DIRECTORY, R_OK) != 0) _exit(7);
    expect_clean_failure();
    execl("/bin/sh", "sh", "-c", "test \"$(/usr/bin/id -u)\" = 65534 && exit 7", nullptr);
    _exit(1);
  }
  EXPECT_EQ(WEXITSTATUS(status_of(child)), 7);
}

// By its pid, a process can be asked for by any other.
void ask_for_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = getpid()};
  __user_cap_data_struct mine[2], same[2];
  EXPECT_EQ(syscall(SYS_capget, &header, mine), 0);
  EXPECT_EQ(header.pid, getpid());
  header.pid = 0;
  EXPECT_EQ(syscall(SYS_capget, &header, same), 0);
  EXPECT_EQ(mine[0].effective, same[0].effective);
  EXPECT_EQ(syscall(SYS_capset, &header, same), 0);
  header.pid = 999'999;
  EXPECT_EQ(syscall(SYS_capget, &header, same), -1);
  EXPECT_EQ(errno, ESRCH);
  EXPECT_EQ(syscall(SYS_ioprio_get, 1, getpid()), syscall(SYS_ioprio_get, 1, 0));
}

void switch_randomisation() {
  EXPECT(personality(ADDR_NO_RANDOMIZE) != -1);
  EXPECT_EQ(personality(0xffffffff), ADDR_NO_RANDOMIZE);
}

}  // namespace

int main() {
  ask_for_capabilities();
  switch_randomisation();
  expect_clean_failure();
  if (geteuid() == 0) execute_as_nobody();
  return ok();
}
