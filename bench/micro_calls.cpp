// Calls that one thread makes.
#include <fcntl.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <x86intrin.h>

#include <cstdlib>
#include <cstring>

#include "bench/micro.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void read_clock(long count) {
  timespec now;
  for (long i = 0; i < count; ++i) clock_gettime(CLOCK_MONOTONIC, &now);
}

void read_counter(long count) {
  for (long i = 0; i < count; ++i) __rdtsc();
}

void draw(long count) {
  char bytes[8];
  for (long i = 0; i < count; ++i) require(getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
}

void lock(long count) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  for (long i = 0; i < count; ++i) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
  }
}

int scratch_file() {
  char name[] = "/tmp/detsim-bench-XXXXXX";
  const int fd = mkstemp(name);
  require(fd >= 0);
  unlink(name);
  const char bytes[4096] = {};
  require(write(fd, bytes, sizeof bytes) == sizeof bytes);
  return fd;
}

void read_file(long count) {
  const int fd = scratch_file();
  char bytes[100];
  for (long i = 0; i < count; ++i) require(pread(fd, bytes, sizeof bytes, 0) == sizeof bytes);
}

void write_file(long count) {
  const int fd = scratch_file();
  const char bytes[100] = {};
  for (long i = 0; i < count; ++i) require(pwrite(fd, bytes, sizeof bytes, 0) == sizeof bytes);
}

void call(long count) {
  for (long i = 0; i < count; ++i) getppid();
}

// Code without unwinding tables is never rewritten.
long (*own_code())() {
  static const unsigned char kGetppid[] = {0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xc3};
  void* page = mmap(reinterpret_cast<void*>(0x10000000), 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  require(page != MAP_FAILED);
  std::memcpy(page, kGetppid, sizeof kGetppid);
  return reinterpret_cast<long (*)()>(page);
}

void on_sigsys(int, siginfo_t*, void* context) {
  auto* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  registers[REG_RAX] = syscall(SYS_getppid);
}

char selector;

// Natively: the least that answering a dispatched call costs, the call itself included.
void trapped_call(long count) {
  auto* function = own_code();
  if (!is_detsim()) {
    struct sigaction action = {};
    action.sa_sigaction = on_sigsys;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    require(sigaction(SIGSYS, &action, nullptr) == 0);
    selector = 1;  // SYSCALL_DISPATCH_FILTER_BLOCK
    // Everything above our page is exempt.
    const auto begin = reinterpret_cast<unsigned long>(function) + 4096;
    require(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, begin, 0x7ffffffff000 - begin,
                  &selector) == 0);
  }
  for (long i = 0; i < count; ++i) require(function() >= 0);
  selector = 0;
}

}  // namespace

const Row kCallRows[] = {
    {"clock_gettime", read_clock,
     [] { return std::string(is_detsim() ? "patched vDSO" : "vDSO"); }},
    {"rdtsc", read_counter, [] { return std::string(is_detsim() ? "trapped instruction" : ""); }},
    {"getrandom", draw, [] { return door_of_site("getrandom"); }},
    {"mutex", lock, [] { return door_of_symbol("pthread_mutex_lock"); }},
    {"pread", read_file, [] { return door_of_site("pread"); }},
    {"pwrite", write_file, [] { return door_of_site("pwrite"); }},
    {"getppid", call, [] { return door_of_site("getppid"); }},
    {"trap", trapped_call, [] { return std::string("trap"); }},
    {nullptr, nullptr, nullptr}};
