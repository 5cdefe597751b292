// poll, select, epoll_wait, nanosleep, sigtimedwait and msgrcv end with EINTR even with SA_RESTART;
// flock, waitpid and sem_wait restart.
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/select.h>

#include "signal/signal.hpp"

static int volatile hits;
static sem_t semaphore;
static void on_signal(int, siginfo_t*, void*) {
  hits = hits + 1;
  if (hits == 2) sem_post(&semaphore);
}

int main() {
  handle(SIGUSR1, on_signal, SA_RESTART);
  sem_init(&semaphore, 0, 0);
  Nagger nagger(SIGUSR1);
  hits = 3;
  EXPECT_ERRNO(poll(nullptr, 0, 1000000), EINTR);
  EXPECT_ERRNO(select(0, nullptr, nullptr, nullptr, nullptr), EINTR);
  const int epoll = epoll_create1(0);
  epoll_event event;
  EXPECT_ERRNO(epoll_wait(epoll, &event, 1, -1), EINTR);
  timespec forever = {1000, 0};
  EXPECT_ERRNO(nanosleep(&forever, nullptr), EINTR);
  const sigset_t other = set_of({SIGUSR2});
  siginfo_t info;
  EXPECT_ERRNO(sigtimedwait(&other, &info, &forever), EINTR);
  EXPECT_ERRNO(pause(), EINTR);
  const int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  if (queue >= 0) {
    struct {
      long type;
      char text[8];
    } message;
    EXPECT_ERRNO(msgrcv(queue, &message, 8, 0, 0), EINTR);
    EXPECT_EQ(msgctl(queue, IPC_RMID, nullptr), 0);
  }
  // Restarted: only what the second handler run does ends it.
  const int before = hits;
  const pid_t child = start_child([] { sleep_ms(15); });
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT(hits > before);
  hits = 0;
  EXPECT_EQ(sem_wait(&semaphore), 0);
  EXPECT(hits >= 2);
  nagger.stop();
  return ok();
}
