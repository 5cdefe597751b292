// Libraries that come and go: the sites of one that was unloaded are forgotten, also when another
// one, or the same again, lies at its address; calls from its code go on being right.
#include <dlfcn.h>
#include <link.h>

#include "expect.hpp"

using Number = long();
using Write = long(int, const void*, long);

template <class Function>
static Function* find(void* library, const char* name) {
  auto* function = reinterpret_cast<Function*>(dlsym(library, name));
  EXPECT(function != nullptr);
  return function;
}

int main() {
  const char* const paths[] = {SUPPORT_DIRECTORY "/libdoors.so", SUPPORT_DIRECTORY "/liblocal.so",
                               SUPPORT_DIRECTORY "/libdoors.so"};
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  unsigned long first = 0;
  int again = 0;
  for (int round = 0; round < 30; ++round) {
    void* library = dlopen(paths[round % 3], RTLD_NOW);
    EXPECT(library != nullptr);
    link_map* map = nullptr;
    EXPECT_EQ(dlinfo(library, RTLD_DI_LINKMAP, &map), 0);
    if (first == 0) first = map->l_addr;
    again += round % 3 != 1 && map->l_addr == first;
    if (round % 3 != 1) {
      for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(find<Number>(library, "doors_gettid")(), gettid());
        EXPECT_EQ(find<Write>(library, "doors_write")(channel[1], "x", 1), 1);
        char byte = 0;
        EXPECT_EQ(read(channel[0], &byte, 1), 1);
        EXPECT_EQ(byte, 'x');
      }
    } else {
      EXPECT_EQ(*find<int*()>(library, "local_counter")(), 41);
    }
    EXPECT_EQ(dlclose(library), 0);
  }
  OBS("at the same address %d of 20 times", again);
  return ok();
}
