// PR_SET_PDEATHSIG and other prctl settings are the thread's own, and not seen by another.
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

#include "expect.hpp"

static void* work(void*) {
  int signal_number = -1;
  EXPECT_EQ(prctl(PR_GET_PDEATHSIG, &signal_number), 0);
  EXPECT_EQ(signal_number, 0);
  EXPECT_EQ(prctl(PR_SET_PDEATHSIG, SIGUSR2), 0);
  EXPECT_EQ(prctl(PR_GET_PDEATHSIG, &signal_number), 0);
  EXPECT_EQ(signal_number, SIGUSR2);
  EXPECT_EQ(prctl(PR_SET_TIMERSLACK, 123456), 0);
  sleep_ms(1);
  EXPECT_EQ(prctl(PR_GET_TIMERSLACK), 123456);
  return nullptr;
}

int main() {
  int signal_number = -1;
  const int slack = prctl(PR_GET_TIMERSLACK);
  EXPECT_EQ(prctl(PR_SET_PDEATHSIG, SIGURG), 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(prctl(PR_GET_PDEATHSIG, &signal_number), 0);
  EXPECT_EQ(signal_number, SIGURG);
  EXPECT_EQ(prctl(PR_GET_TIMERSLACK), slack);
  return ok();
}
