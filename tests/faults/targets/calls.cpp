// Makes the calls that the first argument names, and prints what came of them.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <thread>

#include "include/detsim/sdk.h"

namespace {

void say(const char* what, long result) {
  std::printf("%s %ld %s\n", what, result, result < 0 ? strerrorname_np(errno) : "");
}

// In the working directory: the disk, where a rule needs one.
int temporary() { return open(".", O_RDWR | O_TMPFILE, 0600); }

void write_and_read() {
  const int fd = temporary();
  char text[] = "0123456789abcdef", back[17] = {};
  say("write", write(fd, text, 16));
  for (int i = 0; i < 2; ++i) {
    say("read", pread(fd, back, 16, 0));
    std::printf("%s\n", back);
  }
  say("write", pwrite(fd, text, 16, 0));
  say("read", pread(fd, back, 16, 0));
  std::printf("%s\n", back);
  say("sync", fsync(fd));
}

// Prints which of many writes fail, to two files and to one that takes the place of the first.
void many() {
  int first = temporary();
  const int second = temporary();
  for (int i = 0; i < 3000; ++i) {
    if (i == 1500) {
      close(first);
      first = temporary();
    }
    if (pwrite(i % 3 == 0 ? second : first, "x", 1, 0) != 1) std::printf("%d\n", i);
  }
}

// Writes to one descriptor number that stands for a file of one name, of another, and another file.
void renamed() {
  const char *before = "detsim-calls-before", *after = "detsim-calls-after";
  const auto write_to = [](int fd) { say("write", write(fd, "x", 1)); };
  int fd = open(before, O_WRONLY | O_CREAT, 0600);
  write_to(fd);
  rename(before, after);
  write_to(fd);
  close(fd);
  fd = open(before, O_WRONLY | O_CREAT, 0600);
  write_to(fd);
  dup2(open(after, O_WRONLY), fd);
  write_to(fd);
  rename(after, before);
  write_to(fd);
  unlink(before);
}

sigjmp_buf behind_touch;

void on_bus(int, siginfo_t* info, void*) {
  std::printf("SIGBUS %s\n", info->si_code == BUS_ADRERR ? "BUS_ADRERR" : "otherwise");
  siglongjmp(behind_touch, 1);
}

constexpr int kPages = 4, kPageBytes = 4096;

void* map_file() {
  const int fd = temporary();
  const std::string text(kPageBytes, 'x');
  for (int i = 0; i < 2 * kPages; ++i) {
    if (write(fd, text.data(), kPageBytes) != kPageBytes) return nullptr;
  }
  struct sigaction action = {};
  action.sa_sigaction = on_bus;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
  void* at = mmap(nullptr, kPages * kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  say("mmap", at == MAP_FAILED ? -1 : 0);
  return at;
}

// Touches the pages of a mapped file, and has one filled by a call.
void mapping() {
  void* at = map_file();
  const int zero = open("/dev/zero", O_RDONLY);
  for (int i = 0; i < kPages; ++i) {
    auto* page = static_cast<volatile char*>(at) + i * kPageBytes;
    if (sigsetjmp(behind_touch, 1) == 0) {
      std::printf("%c\n", *page);
    } else {
      say("call", read(zero, const_cast<char*>(page), 8));
    }
  }
  say("munmap", munmap(at, kPages * kPageBytes));
}

// The mapping moves and grows; one character for each page: x, or ! for SIGBUS.
void remapping() {
  void* at = map_file();
  void* wanted =
      mmap(nullptr, 2 * kPages * kPageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  at = mremap(at, kPages * kPageBytes, 2 * kPages * kPageBytes, MREMAP_MAYMOVE | MREMAP_FIXED,
              wanted);
  say("mremap", at == wanted ? 0 : -1);
  if (at != wanted) return;
  std::string seen;
  for (int i = 0; i < 2 * kPages; ++i) {
    const auto* page = static_cast<volatile char*>(at) + i * kPageBytes;
    if (sigsetjmp(behind_touch, 1) == 0) {
      seen += *page;
    } else {
      seen += '!';
    }
  }
  std::printf("%s\n", seen.c_str());
}

void space() {
  struct statvfs status;
  const int fd = temporary();
  char block[4096] = {};
  for (int i = 0; i < 4; ++i) say("write", write(fd, block, sizeof block));
  statvfs("/tmp", &status);
  say("free", status.f_bavail != 0);
}

void times() {
  timespec before, after, mono[2];
  clock_gettime(CLOCK_REALTIME, &before);
  clock_gettime(CLOCK_MONOTONIC, &mono[0]);
  sleep(100);
  clock_gettime(CLOCK_MONOTONIC, &mono[1]);
  clock_gettime(CLOCK_REALTIME, &after);
  say("wall", after.tv_sec - before.tv_sec);
  say("monotonic", mono[1].tv_sec - mono[0].tv_sec);
}

void timer() {
  const int fd = timerfd_create(CLOCK_REALTIME, 0);
  itimerspec when{};
  clock_gettime(CLOCK_REALTIME, &when.it_value);
  when.it_value.tv_sec += 10;
  timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr);
  std::uint64_t count = 0;
  say("read", read(fd, &count, sizeof count));
  say("count", static_cast<long>(count));
}

void threads() {
  try {
    std::thread([] {}).join();
    say("thread", 0);
  } catch (const std::exception&) {
    say("thread", -1);
  }
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  say("fork", pid < 0 ? -1 : 0);
  const auto* memory = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("mmap", memory == MAP_FAILED ? -1 : 0);
  say("nap", usleep(1000));
}

void network() {
  const int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(7777);
  bind(server, reinterpret_cast<sockaddr*>(&name), sizeof name);
  listen(server, 1);
  say("connect", connect(client, reinterpret_cast<sockaddr*>(&name), sizeof name));
  const int end = accept(server, nullptr, nullptr);
  say("accept", end < 0 ? -1 : 0);
  say("send", send(client, "hello, server", 13, MSG_NOSIGNAL));
  char text[32];
  say("receive", recv(end, text, 13, MSG_DONTWAIT));
}

long send_in_pieces(int fd, const char* text) {
  iovec pieces[] = {{const_cast<char*>(text), 1}, {const_cast<char*>(text + 1), strlen(text) - 1}};
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = 2;
  return sendmsg(fd, &message, 0);
}

void receive_all(int fd) {
  char text[16] = {};
  while (recv(fd, text, sizeof text - 1, MSG_DONTWAIT) > 0) {
    std::printf("%s\n", text);
    std::memset(text, 0, sizeof text);
  }
}

void datagrams(bool in_pieces) {
  int ends[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
  for (const char* text : {"one", "two", "three"}) {
    say("send", in_pieces ? send_in_pieces(ends[0], text) : send(ends[0], text, strlen(text), 0));
  }
  receive_all(ends[1]);
}

void datagrams_at_once() {
  int ends[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
  std::string texts[] = {"one", "two", "three"};
  iovec pieces[3] = {};
  mmsghdr messages[3] = {};
  for (int i = 0; i < 3; ++i) {
    pieces[i] = {texts[i].data(), texts[i].size()};
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int count = sendmmsg(ends[0], messages, 3, 0);
  for (int i = 0; i < count; ++i) say("send", messages[i].msg_len);
  receive_all(ends[1]);
}

void list() {
  int count = 0;
  DIR* directory = opendir("/etc/init.d");
  while (readdir(directory) != nullptr) ++count;
  say("entries", count);
}

void app() {
  int fired = 0;
  for (int i = 0; i < 100; ++i) fired += DETSIM_BUGGIFY("site");
  say("fired", fired);
  DETSIM_ALWAYS(fired >= 0, "never negative");
  DETSIM_SOMETIMES(fired > 0, "it fires", "details");
  DETSIM_REACHABLE("here");
  say("random", detsim_random() != detsim_random());
}

void broken() {
  std::puts("before");
  std::fflush(stdout);
  DETSIM_ALWAYS(1 + 1 == 3, "arithmetic", "of sums");
  std::puts("after");
}

}  // namespace

int main(int, char** arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string what = arguments[1];
  if (what == "file") write_and_read();
  if (what == "space") space();
  if (what == "times") times();
  if (what == "timer") timer();
  if (what == "threads") threads();
  if (what == "network") network();
  if (what == "datagrams") datagrams(false);
  if (what == "messages") datagrams(true);
  if (what == "list") list();
  if (what == "app") app();
  if (what == "broken") broken();
  if (what == "at_once") datagrams_at_once();
  if (what == "many") many();
  if (what == "mapping") mapping();
  if (what == "remapping") remapping();
  if (what == "renamed") renamed();
  return 0;
}
