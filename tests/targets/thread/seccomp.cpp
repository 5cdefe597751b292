// A filter that allows everything changes nothing, for the thread that installs it and the others:
// by prctl, as sandboxes of programs do.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "expect.hpp"

static void* work(void*) {
  sock_filter code[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog program = {1, code};
  EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
  EXPECT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
  for (int i = 0; i < 5; ++i) {
    EXPECT(getppid() > 0);
    sleep_ms(1);
  }
  return nullptr;
}

int main() {
  EXPECT_CHILD_OK(start_child([] {
    pthread_t threads[2];
    for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
    work(nullptr);
    for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
    EXPECT_CHILD_OK(start_child([] { EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1); }));
  }));
  EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
  return ok();
}
