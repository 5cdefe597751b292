// pthread_atfork: prepare last first, parent and child first first, for fork but not for vfork.
#include <pthread.h>
#include <unistd.h>

#include <string>

#include "expect.hpp"

static std::string log;

int main() {
  EXPECT_EQ(pthread_atfork([] { log += "p1"; }, [] { log += "P1"; }, [] { log += "c1"; }), 0);
  EXPECT_EQ(pthread_atfork([] { log += "p2"; }, [] { log += "P2"; }, [] { log += "c2"; }), 0);
  const pid_t pid = start_child([] { EXPECT_EQ(log, "p2p1c1c2"); });
  EXPECT_EQ(log, "p2p1P1P2");
  EXPECT_CHILD_OK(pid);
  log.clear();
  const pid_t quick = _Fork();
  if (quick == 0) _exit(log.empty() ? 0 : 1);
  EXPECT(log.empty());
  EXPECT_CHILD_OK(quick);
  return ok();
}
