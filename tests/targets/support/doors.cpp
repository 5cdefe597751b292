// A library that makes system calls of its own: by an instruction, through libc, and before main.
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

static long by_instruction(long number, long first, long second, long third) {
  long result = number;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(first), "S"(second), "d"(third)
               : "rcx", "r11", "memory");
  return result;
}

struct Early {
  long pid_by_instruction, pid_by_libc;
  timespec clock_by_instruction, clock_by_libc;
  unsigned long long counter;
  unsigned char random_by_instruction[16], random_by_libc[16];
};
static Early early;

__attribute__((constructor)) static void before_main() {
  early.pid_by_instruction = by_instruction(SYS_getpid, 0, 0, 0);
  early.pid_by_libc = getpid();
  by_instruction(SYS_clock_gettime, CLOCK_REALTIME,
                 reinterpret_cast<long>(&early.clock_by_instruction), 0);
  clock_gettime(CLOCK_REALTIME, &early.clock_by_libc);
  early.counter = __rdtsc();
  by_instruction(SYS_getrandom, reinterpret_cast<long>(early.random_by_instruction), 16, 0);
  if (getrandom(early.random_by_libc, 16, 0) != 16) memset(early.random_by_libc, 0, 16);
}

extern "C" {
const Early* doors_early() { return &early; }
long doors_gettid() { return by_instruction(SYS_gettid, 0, 0, 0); }
long doors_write(int fd, const void* bytes, long count) {
  return by_instruction(SYS_write, fd, reinterpret_cast<long>(bytes), count);
}
long doors_write_by_libc(int fd, const void* bytes, long count) {
  return write(fd, bytes, static_cast<size_t>(count));
}
int doors_clock(timespec* time) { return clock_gettime(CLOCK_MONOTONIC, time); }
}
