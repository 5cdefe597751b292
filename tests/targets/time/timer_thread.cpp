// timer_create with SIGEV_THREAD runs a function in a thread of its own; SIGEV_THREAD_ID sends to
// one thread; SIGEV_NONE only counts down.
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "expect.hpp"

static sem_t rung;
static int volatile value;
static pid_t runner;
static void on_timer(sigval argument) {
  value = argument.sival_int;
  runner = gettid();
  sem_post(&rung);
}

static pid_t volatile chosen, received;
static sem_t ready;
static void* waits(void*) {
  chosen = gettid();
  sem_post(&ready);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN + 1);
  siginfo_t info;
  EXPECT_EQ(sigwaitinfo(&set, &info), SIGRTMIN + 1);
  received = gettid();
  EXPECT_EQ(info.si_value.sival_int, 9);
  return nullptr;
}

int main() {
  sem_init(&rung, 0, 0);
  sem_init(&ready, 0, 0);
  timer_t timer;
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = on_timer;
  event.sigev_value.sival_int = 5;
  EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  itimerspec when = {{0, 1000000}, {0, 2000000}};
  EXPECT_EQ(timer_settime(timer, 0, &when, nullptr), 0);
  for (int i = 0; i < 3; ++i) {
    while (sem_wait(&rung) == -1) EXPECT_EQ(errno, EINTR);
  }
  EXPECT_EQ(value, 5);
  EXPECT(runner != gettid());
  EXPECT_EQ(timer_delete(timer), 0);

  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN + 1);
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, waits, nullptr), 0);
  sem_wait(&ready);
  event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGRTMIN + 1;
  event.sigev_value.sival_int = 9;
  event._sigev_un._tid = chosen;
  EXPECT_EQ(timer_create(CLOCK_REALTIME, &event, &timer), 0);
  when = {{0, 0}, {0, 1000000}};
  EXPECT_EQ(timer_settime(timer, 0, &when, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(received, chosen);
  EXPECT_EQ(timer_delete(timer), 0);

  event = {};
  event.sigev_notify = SIGEV_NONE;
  EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  when = {{0, 0}, {100, 0}};
  EXPECT_EQ(timer_settime(timer, 0, &when, nullptr), 0);
  sleep_ms(3);
  itimerspec left;
  EXPECT_EQ(timer_gettime(timer, &left), 0);
  EXPECT(left.it_value.tv_sec == 99 || left.it_value.tv_sec < 99);
  EXPECT(left.it_value.tv_sec > 10);
  EXPECT_EQ(timer_delete(timer), 0);
  return ok();
}
