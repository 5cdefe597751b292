// siginfo tells who sent what: kill, raise, tgkill, sigqueue, from oneself and from a child.
#include "signal/signal.hpp"

static siginfo_t volatile last;
static int volatile count;
static void on_signal(int number, siginfo_t* info, void* context) {
  EXPECT_EQ(number, info->si_signo);
  EXPECT(context != nullptr);
  memcpy(const_cast<siginfo_t*>(&last), info, sizeof *info);
  count = count + 1;
}

int main() {
  handle(SIGUSR1, on_signal);
  handle(SIGRTMIN + 2, on_signal);
  EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(last.si_code, SI_USER);
  EXPECT_EQ(last.si_pid, getpid());
  EXPECT_EQ(last.si_uid, getuid());
  EXPECT_EQ(raise(SIGUSR1), 0);
  EXPECT_EQ(count, 2);
  EXPECT_EQ(last.si_code, SI_TKILL);
  EXPECT_EQ(tgkill(getpid(), gettid(), SIGUSR1), 0);
  EXPECT_EQ(count, 3);
  EXPECT_EQ(last.si_code, SI_TKILL);
  EXPECT_EQ(last.si_pid, getpid());
  sigval value;
  value.sival_ptr = const_cast<siginfo_t*>(&last);
  EXPECT_EQ(sigqueue(getpid(), SIGRTMIN + 2, value), 0);
  EXPECT_EQ(count, 4);
  EXPECT_EQ(last.si_code, SI_QUEUE);
  EXPECT(last.si_value.sival_ptr == &last);
  EXPECT_EQ(pthread_sigqueue(pthread_self(), SIGUSR1, value), 0);
  EXPECT_EQ(count, 5);
  EXPECT_EQ(last.si_code, SI_QUEUE);

  const pid_t parent = getpid();
  const pid_t child = start_child([&] {
    sigval number;
    number.sival_int = 321;
    EXPECT_EQ(sigqueue(parent, SIGUSR1, number), 0);
  });
  while (count == 5) sleep_ms(1);
  EXPECT_EQ(last.si_pid, child);
  EXPECT_EQ(last.si_value.sival_int, 321);
  EXPECT_CHILD_OK(child);
  EXPECT_ERRNO(kill(getpid(), 65), EINVAL);
  EXPECT_ERRNO(kill(0x3ffffff0, 0), ESRCH);
  EXPECT_EQ(kill(getpid(), 0), 0);
  return ok();
}
