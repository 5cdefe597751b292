// POSIX message queues: priorities, waiting on both sides, timeouts, poll, notification.
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>

#include <string>
#include <thread>

#include "expect.hpp"

int main() {
  const std::string name = "/detsim-test-" + std::to_string(getpid());
  mq_attr attributes = {};
  attributes.mq_maxmsg = 3;
  attributes.mq_msgsize = 16;
  EXPECT_EQ(mq_open(name.c_str(), O_RDWR), -1);
  EXPECT(errno == ENOENT || errno == ENOSYS);
  if (errno == ENOSYS) return skip("no POSIX message queues");
  const mqd_t queue = mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
  EXPECT(queue >= 0);
  char text[16];
  unsigned priority = 0;
  EXPECT_EQ(mq_send(queue, "low", 3, 1), 0);
  EXPECT_EQ(mq_send(queue, "high", 4, 9), 0);
  EXPECT_EQ(mq_receive(queue, text, sizeof text, &priority), 4);
  EXPECT_EQ(priority, 9);
  EXPECT_ERRNO(mq_receive(queue, text, 3, nullptr), EMSGSIZE);
  EXPECT_EQ(mq_receive(queue, text, sizeof text, &priority), 3);

  timespec limit;
  EXPECT_EQ(clock_gettime(CLOCK_REALTIME, &limit), 0);
  limit.tv_sec += 1;
  EXPECT_ERRNO(mq_timedreceive(queue, text, sizeof text, nullptr, &limit), ETIMEDOUT);
  const pid_t child = start_child([&] {
    for (int i = 0; i < 20; ++i) {
      const std::string number = std::to_string(i);
      EXPECT_EQ(mq_send(queue, number.data(), number.size(), 0), 0);  // waits for room
    }
  });
  for (int i = 0; i < 20; ++i) {
    const ssize_t bytes = mq_receive(queue, text, sizeof text, nullptr);
    EXPECT(bytes > 0);
    EXPECT_EQ(std::string(text, static_cast<size_t>(bytes)), std::to_string(i));
  }
  EXPECT_CHILD_OK(child);

  std::thread later([&] {
    sleep_ms(3);
    EXPECT_EQ(mq_send(queue, "p", 1, 0), 0);
  });
  pollfd look = {queue, POLLIN, 0};
  EXPECT_EQ(poll(&look, 1, -1), 1);
  EXPECT_EQ(mq_receive(queue, text, sizeof text, nullptr), 1);
  later.join();

  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  EXPECT_EQ(sigprocmask(SIG_BLOCK, &set, nullptr), 0);
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  event.sigev_value.sival_int = 42;
  EXPECT_EQ(mq_notify(queue, &event), 0);
  EXPECT_ERRNO(mq_notify(queue, &event), EBUSY);
  EXPECT_EQ(mq_send(queue, "n", 1, 0), 0);
  siginfo_t info;
  EXPECT_EQ(sigwaitinfo(&set, &info), SIGUSR1);
  EXPECT_EQ(info.si_code, SI_MESGQ);
  EXPECT_EQ(info.si_value.sival_int, 42);
  EXPECT_EQ(info.si_pid, getpid());

  mq_attr flags = {};
  flags.mq_flags = O_NONBLOCK;
  EXPECT_EQ(mq_setattr(queue, &flags, nullptr), 0);
  EXPECT_EQ(mq_receive(queue, text, sizeof text, nullptr), 1);
  EXPECT_ERRNO(mq_receive(queue, text, sizeof text, nullptr), EAGAIN);
  EXPECT_EQ(mq_close(queue), 0);
  EXPECT_EQ(mq_unlink(name.c_str()), 0);
  return ok();
}
