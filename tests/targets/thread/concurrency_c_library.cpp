// libc-internal locks under threads: malloc, stdio's FILE lock, setenv and dlopen at once.
#include <dlfcn.h>
#include <pthread.h>

#include <string>

#include "expect.hpp"

static FILE* file;

static void* work(void* argument) {
  const long index = reinterpret_cast<long>(argument);
  const std::string name = "DETSIM_TEST_" + std::to_string(index);
  for (int i = 0; i < 30; ++i) {
    char* blocks[8];
    for (int j = 0; j < 8; ++j) {
      blocks[j] = static_cast<char*>(malloc(static_cast<size_t>(j * 300 + 1)));
      EXPECT(blocks[j] != nullptr);
      blocks[j][0] = static_cast<char>(index + j);
    }
    flockfile(file);
    for (char c : {'[', static_cast<char>('a' + index), ']', '\n'}) {
      putc_unlocked(c, file);
      if (i % 10 == 0) sched_yield();
    }
    funlockfile(file);
    fprintf(file, "<%ld>\n", index);
    EXPECT_EQ(setenv(name.c_str(), "value", 1), 0);
    if (i % 10 == 0) {
      void* library = dlopen(SUPPORT_DIRECTORY "/liblocal.so", RTLD_NOW | RTLD_LOCAL);
      EXPECT(library != nullptr);
      dlclose(library);
    }
    for (int j = 0; j < 8; ++j) {
      EXPECT_EQ(blocks[j][0], static_cast<char>(index + j));
      free(blocks[j]);
    }
  }
  return nullptr;
}

int main() {
  file = tmpfile();
  EXPECT(file != nullptr);
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  rewind(file);
  char line[16];
  int lines = 0;
  while (fgets(line, sizeof line, file)) {
    ++lines;
    EXPECT_EQ(strlen(line), 4u);
    EXPECT((line[0] == '[' && line[2] == ']') || (line[0] == '<' && line[2] == '>'));
  }
  EXPECT_EQ(lines, 4 * 30 * 2);
  return ok();
}
