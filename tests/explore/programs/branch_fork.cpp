// For branches from the middle: threads that take turns, and then a child, which no copy could have
// of its own.
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>

namespace {

std::mutex turn;
int order;

void* take_turns(void* argument) {
  for (int i = 0; i < 20; ++i) {
    const std::lock_guard hold(turn);
    order = order * 3 + static_cast<int>(reinterpret_cast<long>(argument));
    order %= 1000003;
  }
  return nullptr;
}

void run_threads() {
  pthread_t threads[3];
  for (long i = 0; i < 3; ++i) {
    pthread_create(&threads[i], nullptr, take_turns, reinterpret_cast<void*>(i));
  }
  for (auto& thread : threads) pthread_join(thread, nullptr);
}

}  // namespace

int main() {
  run_threads();
  const pid_t child = fork();
  if (child == 0) _exit(order % 2);
  int status = 0;
  waitpid(child, &status, 0);
  run_threads();
  std::printf("%d %d\n", order, WEXITSTATUS(status));
  return 0;
}
