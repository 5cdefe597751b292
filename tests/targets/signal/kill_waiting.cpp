// SIGKILL ends a process whatever it waits for, one with several threads too, and its parent learns
// of it; SIGTERM does the same unless it is handled.
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <functional>

#include "signal/signal.hpp"

static void* waits_for_ever(void* argument) {
  (*static_cast<std::function<void()>*>(argument))();
  return nullptr;
}

static void expect_killed(const char* what, std::function<void()> wait) {
  for (const int number : {SIGKILL, SIGTERM}) {
    for (const int threads : {0, 2}) {
      int ready[2];
      EXPECT_EQ(pipe(ready), 0);
      const pid_t child = start_child([&] {
        for (int i = 0; i < threads; ++i) {
          pthread_t thread;
          EXPECT_EQ(pthread_create(&thread, nullptr, waits_for_ever, &wait), 0);
        }
        EXPECT_EQ(write(ready[1], "x", 1), 1);
        wait();
        _exit(1);
      });
      char byte;
      EXPECT_EQ(read(ready[0], &byte, 1), 1);
      sleep_ms(1);
      EXPECT_EQ(kill(child, number), 0);
      const int status = status_of(child);
      if (!WIFSIGNALED(status) || WTERMSIG(status) != number) {
        fprintf(stderr, "%s: status %x\n", what, static_cast<unsigned>(status));
        _exit(1);
      }
      close(ready[0]), close(ready[1]);
    }
  }
}

int main() {
  int p[2], pair[2];
  EXPECT_EQ(pipe(p), 0);
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  char byte;
  expect_killed("read", [&] { (void)!read(p[0], &byte, 1); });
  expect_killed("poll", [] { poll(nullptr, 0, -1); });
  expect_killed("select", [] { select(0, nullptr, nullptr, nullptr, nullptr); });
  expect_killed("recv", [&] { recv(pair[0], &byte, 1, 0); });
  expect_killed("epoll", [] {
    epoll_event event;
    epoll_wait(epoll_create1(0), &event, 1, -1);
  });
  expect_killed("sleep", [] { sleep_ms(1'000'000); });
  expect_killed("pause", [] { pause(); });
  expect_killed("waitpid", [] {
    const pid_t child = start_child([] { sleep_ms(3); });
    waitpid(child, nullptr, 0);
    sleep_ms(1'000'000);
  });
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  expect_killed("mutex", [] { pthread_mutex_lock(&mutex); });
  static sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  expect_killed("semaphore", [] { sem_wait(&semaphore); });
  static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
  expect_killed("condition", [] {
    pthread_mutex_lock(&other);
    pthread_cond_wait(&condition, &other);
  });
  expect_killed("sigwait", [] {
    const sigset_t set = set_of({SIGUSR1});
    block({SIGUSR1});
    sigwaitinfo(&set, nullptr);
  });
  expect_killed("vfork", [] {
    // The child goes on when its parent is gone, and ends.
    if (vfork() == 0) {
      sleep_ms(20);
      _exit(0);
    }
    pause();
  });
  const int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  expect_killed("msgrcv", [queue] {
    char message[32];
    msgrcv(queue, message, 8, 0, 0);
  });
  EXPECT_EQ(msgctl(queue, IPC_RMID, nullptr), 0);
  return ok();
}
