// One of each: what else threads can wait for.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <shared_mutex>
#include <thread>
#include <vector>

static sem_t seats;
static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t line_up;
static std::atomic<int> flag;
static pthread_spinlock_t spin;

static void take_seat() { sem_wait(&seats); }
static void write_table() { pthread_rwlock_wrlock(&table); }
static void line_up_here() { pthread_barrier_wait(&line_up); }
static void watch_flag() { flag.wait(0); }
static void await_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  int number;
  sigwait(&set, &number);
}
static void poll_nothing() {
  int ends[2];
  if (pipe(ends) != 0) return;
  pollfd entry{ends[0], POLLIN, 0};
  poll(&entry, 1, -1);
}
static void take_file(const char* path) {
  const int first = open(path, O_RDWR | O_CREAT, 0600);
  const int second = open(path, O_RDWR);
  flock(first, LOCK_EX);
  flock(second, LOCK_EX);
}

int main(int count, char** arguments) {
  sem_init(&seats, 0, 0);
  pthread_barrier_init(&line_up, nullptr, 2);
  pthread_rwlock_rdlock(&table);
  std::vector<std::thread> threads;
  for (const auto function :
       {take_seat, write_table, line_up_here, watch_flag, await_signal, poll_nothing}) {
    threads.emplace_back(function);
  }
  if (count > 1) threads.emplace_back(take_file, arguments[1]);
  for (auto& thread : threads) thread.join();
}
