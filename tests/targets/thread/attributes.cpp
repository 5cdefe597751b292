// A thread gets the stack that its attributes ask for, and pthread_getattr_np tells the truth.
#include <pthread.h>

#include "expect.hpp"

static void* check(void* wanted) {
  const size_t wanted_size = *static_cast<size_t*>(wanted);
  pthread_attr_t attributes;
  void* address = nullptr;
  size_t size = 0, guard = 0;
  EXPECT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  EXPECT_EQ(pthread_attr_getstack(&attributes, &address, &size), 0);
  EXPECT_EQ(pthread_attr_getguardsize(&attributes, &guard), 0);
  EXPECT_EQ(guard, 8192u);
  EXPECT_EQ(size, wanted_size);
  const char* here = reinterpret_cast<char*>(&attributes);
  EXPECT(here >= static_cast<char*>(address) && here < static_cast<char*>(address) + size);
  int detached = -1;
  EXPECT_EQ(pthread_attr_getdetachstate(&attributes, &detached), 0);
  EXPECT_EQ(detached, PTHREAD_CREATE_JOINABLE);
  // All of it must be usable: touch a page well below.
  volatile char* low = static_cast<char*>(address) + 4096 + guard;
  *low = 1;
  EXPECT_EQ(*low, 1);
  pthread_attr_destroy(&attributes);
  return wanted;
}

int main() {
  for (size_t size : {64UL << 10, 256UL << 10, 1UL << 20, 16UL << 20}) {
    pthread_attr_t attributes;
    EXPECT_EQ(pthread_attr_init(&attributes), 0);
    EXPECT_EQ(pthread_attr_setstacksize(&attributes, size), 0);
    EXPECT_EQ(pthread_attr_setguardsize(&attributes, 8192), 0);
    pthread_t thread;
    void* result = nullptr;
    EXPECT_EQ(pthread_create(&thread, &attributes, check, &size), 0);
    EXPECT_EQ(pthread_join(thread, &result), 0);
    EXPECT(result == &size);
    pthread_attr_destroy(&attributes);
  }
  pthread_attr_t attributes;
  EXPECT_EQ(pthread_attr_init(&attributes), 0);
  EXPECT_EQ(pthread_attr_setstacksize(&attributes, 1024), EINVAL);
  EXPECT_EQ(pthread_attr_setdetachstate(&attributes, 77), EINVAL);
  return ok();
}
