// Code that is made while the program runs: syscall instructions in a page that is written and
// executed in turn, across two pages, at the target of a branch, overwritten after it was used
// often, and in a page that is unmapped and mapped anew with other code.
#include <sys/mman.h>
#include <sys/syscall.h>

#include "expect.hpp"

using Code = long (*)();
static const unsigned char kGetpid[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};  // mov; syscall; ret
static const unsigned char kGetppid[] = {0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xc3};
static const unsigned char kSeven[] = {0xb8, 7, 0, 0, 0, 0xc3};
// mov ecx, 20; 1: push rcx; mov eax, 39; syscall; pop rcx; dec ecx; jnz 1b; ret
static const unsigned char kLoop[] = {0xb9, 20,   0,    0,    0,    0x51, 0xb8, 39,   0,   0,
                                      0,    0x0f, 0x05, 0x59, 0xff, 0xc9, 0x75, 0xf3, 0xc3};
// mov eax, 39; jmp 1f; int3 (x3); 1: syscall; ret
static const unsigned char kBranch[] = {0xb8, 39,   0,    0,    0,    0xeb, 3,
                                        0xcc, 0xcc, 0xcc, 0x0f, 0x05, 0xc3};

static unsigned char* map(int protection, void* where = nullptr) {
  void* page = mmap(where, 8192, protection,
                    MAP_PRIVATE | MAP_ANONYMOUS | (where != nullptr ? MAP_FIXED : 0), -1, 0);
  EXPECT(page != MAP_FAILED);
  return static_cast<unsigned char*>(page);
}

template <size_t Size>
static Code put(unsigned char* at, const unsigned char (&code)[Size]) {
  memcpy(at, code, Size);
  return reinterpret_cast<Code>(at);
}

int main() {
  const long pid = getpid(), parent = getppid();
  unsigned char* page = map(PROT_READ | PROT_WRITE | PROT_EXEC);
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 60; ++i) EXPECT_EQ(put(page, kGetpid)(), pid);
    for (int i = 0; i < 60; ++i) EXPECT_EQ(reinterpret_cast<Code>(page)(), pid);
    EXPECT_EQ(put(page, kGetppid)(), parent);
    EXPECT_EQ(put(page, kSeven)(), 7);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(put(page, kLoop)(), pid);
    for (int i = 0; i < 60; ++i) EXPECT_EQ(put(page, kBranch)(), pid);
    // The instruction itself across two pages, and so its mov.
    for (int offset = 1; offset < 8; ++offset) {
      for (int i = 0; i < 20; ++i) EXPECT_EQ(put(page + 4096 - offset, kGetpid)(), pid);
      EXPECT_EQ(put(page + 4096 - offset, kGetppid)(), parent);
    }
    page[5] = 0x0f, page[6] = 0x05;
  }
  // Written, then made executable, used, made writable again: what a careful JIT does.
  unsigned char* other = map(PROT_READ | PROT_WRITE);
  for (int round = 0; round < 10; ++round) {
    const auto code = round % 2 == 0 ? put(other, kGetpid) : put(other, kGetppid);
    EXPECT_EQ(mprotect(other, 8192, PROT_READ | PROT_EXEC), 0);
    for (int i = 0; i < 30; ++i) EXPECT_EQ(code(), round % 2 == 0 ? pid : parent);
    EXPECT_EQ(mprotect(other, 8192, PROT_READ | PROT_WRITE), 0);
  }
  // Other code at the same address.
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(munmap(other, 8192), 0);
    EXPECT_EQ(map(PROT_READ | PROT_WRITE | PROT_EXEC, other), other);
    const auto code = round % 2 == 0 ? put(other + round, kGetpid) : put(other, kGetppid);
    for (int i = 0; i < 30; ++i) EXPECT_EQ(code(), round % 2 == 0 ? pid : parent);
  }
  // The same memory at two addresses: one to write, one to run.
  const int fd = memfd_create("code", 0);
  EXPECT(fd >= 0);
  EXPECT_EQ(ftruncate(fd, 4096), 0);
  void* writable = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  void* executable = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
  EXPECT(writable != MAP_FAILED && executable != MAP_FAILED);
  for (int round = 0; round < 4; ++round) {
    put(static_cast<unsigned char*>(writable), round % 2 == 0 ? kGetpid : kGetppid);
    for (int i = 0; i < 30; ++i) {
      EXPECT_EQ(reinterpret_cast<Code>(executable)(), round % 2 == 0 ? pid : parent);
    }
  }
  return ok();
}
