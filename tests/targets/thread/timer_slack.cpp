// Timer slack is each thread's own: inherited at creation, set without effect on others, and set
// back to the default by 0.
#include <pthread.h>
#include <sys/prctl.h>

#include "expect.hpp"

static void* inherits(void*) {
  EXPECT_EQ(prctl(PR_GET_TIMERSLACK), 77000);
  EXPECT_EQ(prctl(PR_SET_TIMERSLACK, 5000), 0);
  EXPECT_EQ(prctl(PR_GET_TIMERSLACK), 5000);
  EXPECT_EQ(prctl(PR_SET_TIMERSLACK, 0), 0);
  EXPECT_EQ(prctl(PR_GET_TIMERSLACK), 77000);  // the creator's is a thread's default
  return nullptr;
}

int main() {
  EXPECT_EQ(prctl(PR_GET_TIMERSLACK), 50000);
  EXPECT_EQ(prctl(PR_SET_TIMERSLACK, 77000), 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, inherits, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(prctl(PR_GET_TIMERSLACK), 77000);
  EXPECT_CHILD_OK(start_child([] { inherits(nullptr); }));
  EXPECT_EQ(prctl(PR_SET_TIMERSLACK, 0), 0);
  EXPECT_EQ(prctl(PR_GET_TIMERSLACK), 50000);
  return ok();
}
