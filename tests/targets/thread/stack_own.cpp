// pthread_attr_setstack: the thread runs on exactly the memory it was given, and pthread_getattr_np
// gives it back.
#include <pthread.h>
#include <sys/mman.h>

#include "expect.hpp"

constexpr size_t stack_bytes = 256 << 10;
static void* stack;

static void* work(void*) {
  pthread_attr_t attributes;
  void* address = nullptr;
  size_t size = 0;
  EXPECT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  EXPECT_EQ(pthread_attr_getstack(&attributes, &address, &size), 0);
  EXPECT(address == stack);
  EXPECT_EQ(size, stack_bytes);
  sleep_ms(1);
  return __builtin_frame_address(0);
}

int main() {
  stack = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  EXPECT(stack != MAP_FAILED);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  EXPECT_EQ(pthread_attr_setstack(&attributes, stack, stack_bytes), 0);
  for (int i = 0; i < 3; ++i) {
    pthread_t thread;
    void* frame = nullptr;
    EXPECT_EQ(pthread_create(&thread, &attributes, work, nullptr), 0);
    EXPECT_EQ(pthread_join(thread, &frame), 0);
    EXPECT(frame > stack && frame < static_cast<char*>(stack) + stack_bytes);
  }
  // After join the memory is the program's again.
  EXPECT_EQ(munmap(stack, stack_bytes), 0);
  return ok();
}
