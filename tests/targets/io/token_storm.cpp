// Tokens wander between threads and processes, each of which waits for its pipe in another way
// every time. None is lost, and all hops are counted.
#include <sys/select.h>

#include "io/io.hpp"

constexpr int kProcesses = 3, kThreads = 3, kWorkers = kProcesses * kThreads;
constexpr int kTokens = 12, kHops = 40;

struct Random {
  uint64_t state;
  uint32_t below(uint32_t end) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state >> 33) % end;
  }
};

static std::vector<Pipe> inboxes(kWorkers);
static Pipe collector;
static int hops;  // an eventfd

// Waits in one of six ways, then takes one token; -1: the end.
static int take(int fd, Random& random) {
  const auto way = random.below(6);
  if (way == 1) {
    EXPECT_EQ(poll_one(fd, POLLIN, -1), POLLIN);
  } else if (way == 2) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    EXPECT_EQ(select(fd + 1, &set, nullptr, nullptr, nullptr), 1);
  } else if (way == 3) {
    const int epoll = epoll_create1(0);
    epoll_event event = {EPOLLIN | (random.below(2) != 0 ? EPOLLET : 0u), {}};
    EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
    EXPECT_EQ(epoll_wait(epoll, &event, 1, -1), 1);
    close(epoll);
  } else if (way == 4) {
    while (poll_one(fd, POLLIN, static_cast<int>(random.below(3))) == 0) {
    }
  } else if (way == 5) {
    const int copy = dup(fd), inner = epoll_create1(0);
    epoll_event event = {EPOLLIN, {}};
    EXPECT_EQ(epoll_ctl(inner, EPOLL_CTL_ADD, copy, &event), 0);
    EXPECT_EQ(poll_one(inner, POLLIN, -1), POLLIN);
    close(copy), close(inner);
  }
  int token;
  EXPECT_EQ(read(fd, &token, sizeof token), 4);
  return token;
}

static void work(int index) {
  Random random{static_cast<uint64_t>(index) + 1};
  for (;;) {
    int token = take(inboxes[static_cast<size_t>(index)].read_end, random);
    if (token < 0) return;
    EXPECT_EQ(eventfd_write(hops, 1), 0);
    --token;
    if (random.below(4) == 0) sleep_ms(1);
    const int to = token > 0 ? inboxes[random.below(kWorkers)].write_end : collector.write_end;
    EXPECT_EQ(write(to, &token, sizeof token), 4);
  }
}

static void run_process(int first) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, first + i);
  for (auto& thread : threads) thread.join();
}

int main() {
  hops = eventfd(0, 0);
  std::vector<pid_t> children;
  for (int i = 1; i < kProcesses; ++i) {
    children.push_back(start_child([&] { run_process(i * kThreads); }));
  }
  std::thread mine(run_process, 0);
  for (int i = 0; i < kTokens; ++i) {
    const int token = kHops;
    EXPECT_EQ(write(inboxes[static_cast<size_t>(i) % kWorkers].write_end, &token, 4), 4);
  }
  Random random{99};
  for (int i = 0; i < kTokens; ++i) EXPECT_EQ(take(collector.read_end, random), 0);
  for (auto& inbox : inboxes) {
    const int last = -1;
    EXPECT_EQ(write(inbox.write_end, &last, 4), 4);
  }
  mine.join();
  for (const pid_t child : children) EXPECT_CHILD_OK(child);
  eventfd_t counted;
  EXPECT_EQ(eventfd_read(hops, &counted), 0);
  EXPECT_EQ(counted, static_cast<eventfd_t>(kTokens * kHops));
  return ok();
}
