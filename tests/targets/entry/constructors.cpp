// What runs before main is inside already: a constructor of a library in front of all others
// (LD_PRELOAD) and one of a library loaded late see the same clock, ids and random numbers; a
// preloaded library's own interposed functions stay in the chain.
#include <dlfcn.h>
#include <pthread.h>

#include "expect.hpp"

struct Early {
  long pid_by_instruction, pid_by_libc;
  timespec clock_by_instruction, clock_by_libc;
  unsigned long long counter;
  unsigned char random_by_instruction[16], random_by_libc[16];
};

static void expect_sane(const Early* early) {
  EXPECT_EQ(early->pid_by_instruction, getpid());
  EXPECT_EQ(early->pid_by_libc, getpid());
  const long long now = now_ns(CLOCK_REALTIME);
  long long then = 0;
  for (const timespec& time : {early->clock_by_instruction, early->clock_by_libc}) {
    const long long ns = time.tv_sec * 1000000000LL + time.tv_nsec;
    EXPECT(ns >= then && ns <= now && now - ns < 20'000'000'000LL);
    then = ns;
  }
  EXPECT(memcmp(early->random_by_instruction, early->random_by_libc, 16) != 0);
  OBS("random %02x%02x%02x %02x%02x%02x counter %llu clock %lld", early->random_by_instruction[0],
      early->random_by_instruction[1], early->random_by_instruction[2], early->random_by_libc[0],
      early->random_by_libc[1], early->random_by_libc[2], early->counter, then);
}

static const Early* early_of(void* library) {
  auto* function = reinterpret_cast<const Early* (*)()>(dlsym(library, "doors_early"));
  EXPECT(function != nullptr);
  return function();
}

int main(int, char** arguments) {
  if (getenv("DOORS_STAGE") == nullptr) {
    void* late = dlopen(SUPPORT_DIRECTORY "/libdoors.so", RTLD_NOW);
    EXPECT(late != nullptr);
    expect_sane(early_of(late));
    setenv("DOORS_STAGE", "2", 1);
    setenv("LD_PRELOAD", SUPPORT_DIRECTORY "/libdoors.so:" SUPPORT_DIRECTORY "/libpreloaded.so", 1);
    execv("/proc/self/exe", arguments);
    EXPECT(!"exec");
  }
  expect_sane(early_of(RTLD_DEFAULT));
  auto* locks = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "preloaded_locks"));
  auto* writes = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "preloaded_writes"));
  EXPECT(locks != nullptr && writes != nullptr);
  const int locks_before = locks(), writes_before = writes();
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    EXPECT_EQ(write(1, "", 0), 0);
  }
  EXPECT_EQ(locks() - locks_before, 10);
  EXPECT_EQ(writes() - writes_before, 10);
  // The variable is as we set it: what the sandbox adds does not show.
  EXPECT_EQ(std::string(getenv("LD_PRELOAD")),
            SUPPORT_DIRECTORY "/libdoors.so:" SUPPORT_DIRECTORY "/libpreloaded.so");
  return ok();
}
