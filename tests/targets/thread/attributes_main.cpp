// pthread_getattr_np on the main thread: its stack holds main's locals and ends near the limit.
#include <pthread.h>
#include <sys/resource.h>

#include "expect.hpp"

int main() {
  pthread_attr_t attributes;
  void* address = nullptr;
  size_t size = 0;
  EXPECT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  EXPECT_EQ(pthread_attr_getstack(&attributes, &address, &size), 0);
  char* low = static_cast<char*>(address);
  char local = 0;
  EXPECT(&local > low && &local < low + size);
  rlimit limit;
  EXPECT_EQ(getrlimit(RLIMIT_STACK, &limit), 0);
  if (limit.rlim_cur != RLIM_INFINITY) {
    EXPECT(size <= limit.rlim_cur);
    EXPECT(size + (256u << 10) > limit.rlim_cur);
  }
  OBS("main stack size %zu", size);
  return ok();
}
