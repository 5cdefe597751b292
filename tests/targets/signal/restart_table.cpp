// The table of signal(7): which waiting calls go on after a handler with SA_RESTART, and which end
// with EINTR all the same. Without SA_RESTART all of them end.
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <functional>

#include "signal/signal.hpp"

static int volatile hits;
static std::function<void()> complete;
static void on_signal(int, siginfo_t*, void*) {
  const int saved = errno;
  hits = hits + 1;
  if (hits == 3 && complete) complete();
  errno = saved;
}

enum Kind { kRestarts, kEnds };

// `wait` waits until `finish`, called by the third handler, lets it end. Whatever it returns is
// good, unless it is -1.
static void expect_kind(const char* name, Kind kind, const std::function<long()>& wait,
                        const std::function<void()>& finish) {
  for (int flags : {0, SA_RESTART}) {
    if (flags == SA_RESTART && kind == kEnds && !finish) {
      complete = nullptr;
    } else {
      complete = finish;
    }
    hits = 0;
    handle(SIGUSR1, on_signal, flags);
    Nagger nagger(SIGUSR1);
    errno = 0;
    const long result = wait();
    const int error = errno;
    const bool ended = result == -1 && error == EINTR;
    if (ended != (flags == 0 || kind == kEnds) || (!ended && (result == -1 || hits < 3))) {
      fprintf(stderr, "%s with flags %x: result %ld, errno %d, %d handlers\n", name, flags, result,
              error, hits);
      _exit(1);
    }
    nagger.stop();
    // The next round begins as this one did.
    complete = nullptr;
    if (ended && finish && kind == kRestarts) {
      finish();
      EXPECT(wait() != -1);
    }
  }
}

static char byte;

static void descriptors() {
  int p[2];
  EXPECT_EQ(pipe(p), 0);
  const auto put = [&] { EXPECT_EQ(write(p[1], "x", 1), 1); };
  expect_kind(
      "read", kRestarts, [&] { return read(p[0], &byte, 1); }, put);
  iovec piece = {&byte, 1};
  expect_kind(
      "readv", kRestarts, [&] { return readv(p[0], &piece, 1); }, put);
  const int room = fcntl(p[1], F_SETPIPE_SZ, 4096);
  std::string full(static_cast<size_t>(room), 'f');
  EXPECT_EQ(write(p[1], full.data(), full.size()), room);
  expect_kind(
      "write", kRestarts,
      [&] {
        const long result = write(p[1], full.data(), full.size());
        return result;
      },
      [&] { EXPECT_EQ(read(p[0], full.data(), full.size()), room); });
  const int event = eventfd(0, 0);
  eventfd_t value;
  expect_kind(
      "eventfd", kRestarts, [&] { return eventfd_read(event, &value); },
      [&] { EXPECT_EQ(eventfd_write(event, 1), 0); });
  const int watch = inotify_init();
  EXPECT(inotify_add_watch(watch, ".", IN_CREATE) >= 0);
  char events[4096];
  expect_kind(
      "inotify", kRestarts, [&] { return read(watch, events, sizeof events); },
      [&] { close(creat("created", 0600)), unlink("created"); });
  const sigset_t set = set_of({SIGUSR2});
  block({SIGUSR2});
  const int signals = signalfd(-1, &set, 0);
  signalfd_siginfo info;
  expect_kind(
      "signalfd", kRestarts, [&] { return read(signals, &info, sizeof info); },
      [] { kill(getpid(), SIGUSR2); });
  const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  const itimerspec soon = {{0, 0}, {0, 1}};
  std::uint64_t expirations;
  expect_kind(
      "timerfd", kRestarts, [&] { return read(timer, &expirations, 8); },
      [&] { EXPECT_EQ(timerfd_settime(timer, 0, &soon, nullptr), 0); });
  EXPECT_EQ(mkfifo("fifo", 0600), 0);
  int other = -1;
  expect_kind(
      "open", kRestarts,
      [&] {
        const int fd = open("fifo", O_RDONLY);
        if (fd >= 0) close(fd);
        if (other >= 0) close(other);
        other = -1;
        return fd;
      },
      [&] { other = open("fifo", O_RDWR | O_NONBLOCK); });
  unlink("fifo");
}

static void sockets() {
  int pair[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const auto put = [&] { EXPECT_EQ(write(pair[1], "x", 1), 1); };
  expect_kind(
      "recv", kRestarts, [&] { return recv(pair[0], &byte, 1, 0); }, put);
  iovec piece = {&byte, 1};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  expect_kind(
      "recvmsg", kRestarts, [&] { return recvmsg(pair[0], &message, 0); }, put);
  const timeval limit = {1000, 0};
  EXPECT_EQ(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  expect_kind(
      "recv with a limit", kEnds, [&] { return recv(pair[0], &byte, 1, 0); }, nullptr);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  strcpy(name.sun_path, "socket");
  const auto* address = reinterpret_cast<const sockaddr*>(&name);
  EXPECT_EQ(bind(listener, address, sizeof name), 0);
  EXPECT_EQ(listen(listener, 5), 0);
  expect_kind(
      "accept", kRestarts,
      [&] {
        const int fd = accept(listener, nullptr, nullptr);
        if (fd >= 0) close(fd);
        return fd;
      },
      [&] {
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        EXPECT_EQ(connect(fd, address, sizeof name), 0);
        close(fd);
      });
  unlink("socket");
}

static void children() {
  pid_t child = 0;
  const auto end = [&] { kill(child, SIGKILL); };
  const auto start = [&] {
    if (child == 0)
      child = start_child([] {
        for (;;) pause();
      });
  };
  const auto ended = [&](long result) {
    if (result != -1) child = 0;
    return result;
  };
  expect_kind(
      "waitpid", kRestarts, [&] { return start(), ended(waitpid(child, nullptr, 0)); }, end);
  siginfo_t info;
  expect_kind(
      "waitid", kRestarts,
      [&] {
        start();
        return ended(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED));
      },
      end);
}

// A child holds the lock until it is told by a byte.
static void locks() {
  const int fd = open("lock", O_RDWR | O_CREAT, 0600);
  for (const bool posix : {false, true}) {
    int tell[2], ready[2];
    pid_t child = 0;
    EXPECT_EQ(pipe(tell), 0);
    EXPECT_EQ(pipe(ready), 0);
    struct flock whole = {};
    whole.l_type = F_WRLCK;
    const auto hold = [&] {
      if (child != 0) return;
      child = start_child([&] {
        signal(SIGUSR1, SIG_IGN);
        const int mine = open("lock", O_RDWR);
        EXPECT_EQ(posix ? fcntl(mine, F_SETLK, &whole) : flock(mine, LOCK_EX), 0);
        EXPECT_EQ(write(ready[1], "x", 1), 1);
        EXPECT_EQ(read(tell[0], &byte, 1), 1);
      });
      while (read(ready[0], &byte, 1) != 1) EXPECT_EQ(errno, EINTR);
    };
    hold();
    expect_kind(
        posix ? "fcntl" : "flock", kRestarts,
        [&] {
          hold();
          const long result = posix ? fcntl(fd, F_SETLKW, &whole) : flock(fd, LOCK_EX);
          if (result == 0) {
            struct flock none = whole;
            none.l_type = F_UNLCK;
            EXPECT_EQ(posix ? fcntl(fd, F_SETLK, &none) : flock(fd, LOCK_UN), 0);
            status_of(child);
            child = 0;
          }
          return result;
        },
        [&] { EXPECT_EQ(write(tell[1], "x", 1), 1); });
  }
  unlink("lock");
}

static void memory() {
  static int word;
  expect_kind(
      "futex", kRestarts,
      [] {
        while (__atomic_exchange_n(&word, 0, __ATOMIC_SEQ_CST) == 0) {
          if (syscall(SYS_futex, &word, FUTEX_WAIT, 0, nullptr) == -1 && errno != EAGAIN) {
            return -1L;
          }
        }
        return 0L;
      },
      [] {
        word = 1;
        syscall(SYS_futex, &word, FUTEX_WAKE, 1);
      });
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  expect_kind(
      "sem_wait", kRestarts, [&] { return sem_wait(&semaphore); }, [&] { sem_post(&semaphore); });
  const timespec late = {4102444800, 0};
  expect_kind(
      "sem_timedwait", kEnds, [&] { return sem_timedwait(&semaphore, &late); }, nullptr);
}

static void queues() {
  const int semaphores = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
  EXPECT(semaphores >= 0);
  sembuf down = {0, -1, 0};
  expect_kind(
      "semop", kEnds, [&] { return semop(semaphores, &down, 1); }, nullptr);
  EXPECT_EQ(semctl(semaphores, 0, IPC_RMID), 0);
  const int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  EXPECT(queue >= 0);
  struct {
    long type;
    char text[4096];
  } message = {1, {}};
  expect_kind(
      "msgrcv", kEnds, [&] { return msgrcv(queue, &message, 8, 0, 0); }, nullptr);
  while (msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0) {
  }
  expect_kind(
      "msgsnd", kEnds, [&] { return msgsnd(queue, &message, sizeof message.text, 0); }, nullptr);
  EXPECT_EQ(msgctl(queue, IPC_RMID, nullptr), 0);
  mq_attr attributes = {};
  attributes.mq_maxmsg = 1;
  attributes.mq_msgsize = 8;
  const std::string name = "/detsim-restart-" + std::to_string(getpid());
  const mqd_t posix = mq_open(name.c_str(), O_RDWR | O_CREAT, 0600, &attributes);
  if (posix < 0) return;
  char text[8];
  expect_kind(
      "mq_receive", kRestarts, [&] { return mq_receive(posix, text, sizeof text, nullptr); },
      [&] { EXPECT_EQ(mq_send(posix, "x", 1, 0), 0); });
  mq_unlink(name.c_str());
}

static void waiting() {
  expect_kind(
      "poll", kEnds, [] { return poll(nullptr, 0, -1); }, nullptr);
  expect_kind(
      "ppoll", kEnds, [] { return ppoll(nullptr, 0, nullptr, nullptr); }, nullptr);
  expect_kind(
      "select", kEnds, [] { return select(0, nullptr, nullptr, nullptr, nullptr); }, nullptr);
  expect_kind(
      "pselect", kEnds, [] { return pselect(0, nullptr, nullptr, nullptr, nullptr, nullptr); },
      nullptr);
  const int epoll = epoll_create1(0);
  epoll_event event;
  expect_kind(
      "epoll_wait", kEnds, [&] { return epoll_wait(epoll, &event, 1, -1); }, nullptr);
  const timespec long_time = {100000, 0};
  expect_kind(
      "nanosleep", kEnds, [&] { return nanosleep(&long_time, nullptr); }, nullptr);
  const timespec late = {4102444800, 0};
  expect_kind(
      "clock_nanosleep", kEnds,
      [&] {
        errno = clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &late, nullptr);
        return errno == 0 ? 0 : -1;
      },
      nullptr);
  const sigset_t other = set_of({SIGUSR2});
  expect_kind(
      "sigwaitinfo", kEnds, [&] { return sigwaitinfo(&other, nullptr); }, nullptr);
  expect_kind(
      "sigtimedwait", kEnds, [&] { return sigtimedwait(&other, nullptr, &long_time); }, nullptr);
  expect_kind(
      "pause", kEnds, [] { return pause(); }, nullptr);
  const sigset_t none = set_of({});
  expect_kind(
      "sigsuspend", kEnds, [&] { return sigsuspend(&none); }, nullptr);
}

int main() {
  char directory[] = "/tmp/detsim-restart-XXXXXX";
  EXPECT(mkdtemp(directory) != nullptr);
  EXPECT_EQ(chdir(directory), 0);
  descriptors();
  sockets();
  children();
  locks();
  memory();
  queues();
  waiting();
  EXPECT_EQ(chdir("/"), 0);
  EXPECT_EQ(rmdir(directory), 0);
  return ok();
}
