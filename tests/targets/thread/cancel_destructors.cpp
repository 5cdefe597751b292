// Cancellation unwinds C++ frames out of a blocking call: destructors run in order, catch (...)
// sees the forced unwind, and thread_local objects and keys follow.
#include <cxxabi.h>
#include <pthread.h>
#include <unistd.h>

#include <string>

#include "expect.hpp"

static std::string log;
struct Noted {
  char name;
  ~Noted() { log += name; }
};
static thread_local Noted local{'t'};
static pthread_key_t key;
static int channel[2];

__attribute__((noinline)) static void deep(int depth) {
  Noted noted{static_cast<char>('0' + depth)};
  if (depth < 3) {
    deep(depth + 1);
    return;
  }
  try {
    char byte;
    EXPECT(read(channel[0], &byte, 1) == 99);
  } catch (abi::__forced_unwind&) {
    log += 'f';
    throw;
  }
}

static void* work(void*) {
  log += local.name == 't' ? 'a' : '?';
  pthread_setspecific(key, &log);
  try {
    deep(0);
  } catch (...) {
    log += 'c';
    throw;
  }
  return nullptr;
}

int main() {
  EXPECT_EQ(pipe(channel), 0);
  pthread_key_create(&key, [](void*) { log += 'k'; });
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  sleep_ms(3);
  EXPECT_EQ(pthread_cancel(thread), 0);
  void* value = nullptr;
  EXPECT_EQ(pthread_join(thread, &value), 0);
  EXPECT(value == PTHREAD_CANCELED);
  EXPECT_EQ(log, "af3210ctk");
  return ok();
}
