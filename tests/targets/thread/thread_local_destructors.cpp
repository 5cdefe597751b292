// thread_local objects: constructed on first use in each thread, destroyed in reverse order in that
// thread before key destructors; main's at exit.
#include <pthread.h>
#include <unistd.h>

#include <string>

#include "expect.hpp"

static std::string log;
struct Noted {
  char name;
  pid_t owner;
  explicit Noted(char n) : name(n), owner(gettid()) { log += n; }
  ~Noted() {
    EXPECT_EQ(owner, gettid());
    log += static_cast<char>(name - 'a' + 'A');
  }
};
static thread_local Noted a('a'), b('b');
static Noted& c() {
  static thread_local Noted object('c');
  return object;
}
static pthread_key_t key;

static void* work(void*) {
  pthread_setspecific(key, &key);
  EXPECT_EQ(a.name, 'a');
  c();
  EXPECT_EQ(b.name, 'b');
  return nullptr;
}

int main() {
  pthread_key_create(&key, [](void*) { log += 'k'; });
  for (int i = 0; i < 3; ++i) {
    log.clear();
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
    EXPECT_EQ(log, "abcCBAk");
  }
  return ok();
}
