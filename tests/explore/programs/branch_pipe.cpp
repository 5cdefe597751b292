// For branches from the middle: threads pass on what comes through pipes of their own process, and
// the last one sees their end. What comes of it depends on their order, and is told.
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

constexpr int kWriters = 3, kMessages = 6;
int requests[2], answers[2];

void check(bool holds, int line) {
  if (holds) return;
  std::printf("line %d does not hold\n", line);
  std::exit(1);
}

void* send_some(void* argument) {
  const int end = dup(requests[1]);
  for (int i = 0; i < kMessages; ++i) {
    const char letter = static_cast<char>('a' + reinterpret_cast<long>(argument));
    check(write(end, &letter, 1) == 1, __LINE__);
    sched_yield();
  }
  close(end);
  return nullptr;
}

// Until nobody can write any more.
void* pass_on(void*) {
  for (char letter = 0; read(requests[0], &letter, 1) == 1;) {
    const char changed = static_cast<char>(letter - 'a' + 'A');
    check(write(answers[1], &changed, 1) == 1, __LINE__);
  }
  close(answers[1]);
  return nullptr;
}

void* collect(void*) {
  for (;;) {
    pollfd wanted{answers[0], POLLIN, 0};
    check(poll(&wanted, 1, -1) == 1, __LINE__);
    char letter = 0;
    if (read(answers[0], &letter, 1) != 1) return nullptr;
    std::putchar(letter);
  }
}

}  // namespace

int main() {
  check(pipe(requests) == 0 && pipe(answers) == 0, __LINE__);
  pthread_t writers[kWriters], middle, last;
  pthread_create(&middle, nullptr, pass_on, nullptr);
  pthread_create(&last, nullptr, collect, nullptr);
  for (long i = 0; i < kWriters; ++i) {
    pthread_create(&writers[i], nullptr, send_some, reinterpret_cast<void*>(i));
  }
  for (auto& writer : writers) pthread_join(writer, nullptr);
  close(requests[1]);
  pthread_join(middle, nullptr);
  pthread_join(last, nullptr);
  std::putchar('\n');
  return 0;
}
