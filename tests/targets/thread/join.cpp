// pthread_join: waits, hands over return value, pthread_exit value or PTHREAD_CANCELED; joining
// oneself or a circle is EDEADLK.
#include <pthread.h>

#include "expect.hpp"

static pthread_t first_thread;

static void* returns(void* argument) {
  sleep_ms(3);
  return argument;
}
[[noreturn]] static void* exits(void* argument) {
  sleep_ms(1);
  pthread_exit(argument);
}
static void* joins_self(void*) {
  return reinterpret_cast<void*>(static_cast<long>(pthread_join(pthread_self(), nullptr)));
}
static void* joins_first(void*) {
  void* value = nullptr;
  EXPECT_EQ(pthread_join(first_thread, &value), 0);
  return value;
}

int main() {
  int a = 1, b = 2;
  void* value = nullptr;
  pthread_t one, two;
  EXPECT_EQ(pthread_create(&one, nullptr, returns, &a), 0);
  EXPECT_EQ(pthread_create(&two, nullptr, exits, &b), 0);
  EXPECT_EQ(pthread_join(two, &value), 0);
  EXPECT(value == &b);
  EXPECT_EQ(pthread_join(one, &value), 0);
  EXPECT(value == &a);

  EXPECT_EQ(pthread_create(&one, nullptr, joins_self, nullptr), 0);
  EXPECT_EQ(pthread_join(one, &value), 0);
  EXPECT_EQ(reinterpret_cast<long>(value), EDEADLK);

  EXPECT_EQ(pthread_create(&first_thread, nullptr, returns, &a), 0);
  EXPECT_EQ(pthread_create(&two, nullptr, joins_first, nullptr), 0);
  EXPECT_EQ(pthread_join(two, &value), 0);
  EXPECT(value == &a);
  return ok();
}
