// A library for LD_PRELOAD: counts what goes through it and hands it on to the next definition.
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>

static std::atomic<int> locks, writes;

template <class Function>
static Function next(Function, const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

extern "C" {
int preloaded_locks() { return locks; }
int preloaded_writes() { return writes; }
int pthread_mutex_lock(pthread_mutex_t* mutex) {
  ++locks;
  return next(&pthread_mutex_lock, "pthread_mutex_lock")(mutex);
}
ssize_t write(int fd, const void* bytes, size_t count) {
  ++writes;
  return next(&write, "write")(fd, bytes, count);
}
}
