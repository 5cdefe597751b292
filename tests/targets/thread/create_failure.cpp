// pthread_create that cannot have its stack reports EAGAIN and leaves nothing behind.
#include <pthread.h>

#include "expect.hpp"

static void* work(void* argument) { return argument; }

int main() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  EXPECT_EQ(pthread_attr_setstacksize(&attributes, 1UL << 47), 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, &attributes, work, nullptr), EAGAIN);
  EXPECT_EQ(pthread_create(&thread, nullptr, work, &attributes), 0);
  void* value = nullptr;
  EXPECT_EQ(pthread_join(thread, &value), 0);
  EXPECT(value == &attributes);
  return ok();
}
