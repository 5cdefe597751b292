// Addresses stay what they are in every image, also when a program asks for random ones.
#include <sys/personality.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "expect.hpp"

int main(int count, char** arguments) {
  if (count == 1) {
    EXPECT(personality(0) != -1);
    execl("/proc/self/exe", arguments[0], "again", nullptr);
    return 1;
  }
  int local = 0;
  void* heap = std::malloc(1 << 20);
  std::printf("obs %p %p %p\n", static_cast<void*>(&local), heap,
              reinterpret_cast<void*>(&std::strlen));
  std::free(heap);
  return ok();
}
