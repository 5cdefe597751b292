// One model behind all doors: the syscall instruction in the program, in a library and in memory
// made for it, syscall(), libc's functions, stdio's own writes, and functions found by dlsym,
// dlmopen and RTLD_DEEPBIND give the same answers and see what the others did.
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "expect.hpp"

using Call = long (*)(long, long, long, long);

static long by_instruction(long number, long first, long second, long third) {
  long result = number;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(first), "S"(second), "d"(third)
               : "rcx", "r11", "memory");
  return result;
}

static long by_function(long number, long first, long second, long third) {
  const long result = syscall(number, first, second, third);
  return result == -1 ? -errno : result;
}

static Call made_code() {
  // mov rax, rdi; mov rdi, rsi; mov rsi, rdx; mov rdx, rcx; syscall; ret
  static const unsigned char code[] = {0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89,
                                       0xd6, 0x48, 0x89, 0xca, 0x0f, 0x05, 0xc3};
  void* page =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(page != MAP_FAILED);
  memcpy(page, code, sizeof code);
  return reinterpret_cast<Call>(page);
}

static long number(const void* pointer) { return reinterpret_cast<long>(pointer); }

template <class Function>
static Function* find(void* library, const char* name) {
  auto* function = reinterpret_cast<Function*>(dlsym(library, name));
  EXPECT(function != nullptr);
  return function;
}

using Write = long(int, const void*, long);
using Clock = int(timespec*);

int main() {
  const Call calls[] = {by_instruction, by_function, made_code()};
  utsname expected;
  EXPECT_EQ(uname(&expected), 0);
  for (const Call call : calls) {
    EXPECT_EQ(call(SYS_getpid, 0, 0, 0), getpid());
    EXPECT_EQ(call(SYS_gettid, 0, 0, 0), gettid());
    EXPECT_EQ(call(SYS_getppid, 0, 0, 0), getppid());
    utsname name;
    EXPECT_EQ(call(SYS_uname, number(&name), 0, 0), 0);
    EXPECT_EQ(memcmp(&name, &expected, sizeof name), 0);
    EXPECT_EQ(call(SYS_close, -1, 0, 0), -EBADF);
    EXPECT_EQ(call(SYS_clock_gettime, 77, number(&name), 0), -EINVAL);
    EXPECT_EQ(call(9999, 0, 0, 0), -ENOSYS);
  }
  void* libraries[] = {dlopen(SUPPORT_DIRECTORY "/libdoors.so", RTLD_NOW),
                       dlopen(SUPPORT_DIRECTORY "/libdoors.so", RTLD_NOW | RTLD_DEEPBIND),
                       dlmopen(LM_ID_NEWLM, SUPPORT_DIRECTORY "/libdoors.so", RTLD_NOW)};
  // What one writes, in whatever way, stands behind what another wrote.
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  FILE* stream = fdopen(dup(channel[1]), "w");
  std::string wrote;
  for (const Call call : calls) {
    EXPECT_EQ(call(SYS_write, channel[1], number("a"), 1), 1);
    EXPECT_EQ(fputs("b", stream), 1);
    EXPECT_EQ(fflush(stream), 0);
    EXPECT_EQ(dprintf(channel[1], "c"), 1);
    wrote += "abc";
  }
  for (void* library : libraries) {
    EXPECT(library != nullptr);
    EXPECT_EQ(find<long()>(library, "doors_gettid")(), gettid());
    EXPECT_EQ(find<Write>(library, "doors_write")(channel[1], "d", 1), 1);
    EXPECT_EQ(find<Write>(library, "doors_write_by_libc")(channel[1], "e", 1), 1);
    wrote += "de";
  }
  auto* write_default = find<ssize_t(int, const void*, size_t)>(RTLD_DEFAULT, "write");
  auto* write_next = find<ssize_t(int, const void*, size_t)>(RTLD_NEXT, "write");
  EXPECT_EQ(write_default(channel[1], "f", 1), 1);
  EXPECT_EQ(write_next(channel[1], "g", 1), 1);
  wrote += "fg";
  char got[64] = {};
  EXPECT_EQ(read(channel[0], got, sizeof got), static_cast<ssize_t>(wrote.size()));
  EXPECT_EQ(std::string(got), wrote);

  // One clock: readings in turn never go back.
  long long last = 0;
  for (int i = 0; i < 50; ++i) {
    timespec now;
    for (const Call call : calls) {
      EXPECT_EQ(call(SYS_clock_gettime, CLOCK_MONOTONIC, number(&now), 0), 0);
      EXPECT(now.tv_sec * 1000000000LL + now.tv_nsec >= last);
      last = now.tv_sec * 1000000000LL + now.tv_nsec;
    }
    for (void* library : libraries) {
      EXPECT_EQ(find<Clock>(library, "doors_clock")(&now), 0);
      EXPECT(now.tv_sec * 1000000000LL + now.tv_nsec >= last);
      last = now.tv_sec * 1000000000LL + now.tv_nsec;
    }
    EXPECT(now_ns(CLOCK_MONOTONIC) >= last);
  }
  return ok();
}
