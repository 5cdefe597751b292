// Where things lie: the same in every run, whatever is around it.
#include <sys/auxv.h>
#include <sys/mman.h>

#include <thread>

#include "expect.hpp"

static int global;

int main(int, char** arguments) {
  int local;
  OBS("text %p data %p heap %p stack %p", reinterpret_cast<void*>(main),
      static_cast<void*>(&global), malloc(100), static_cast<void*>(&local));
  OBS("large %p brk %p", malloc(1 << 20), sbrk(0));
  OBS("arguments %p random %lx name %lx", static_cast<void*>(arguments), getauxval(AT_RANDOM),
      getauxval(AT_EXECFN));
  OBS("mapping %p", mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::thread([] {
    int inner;
    OBS("thread %p %lx", static_cast<void*>(&inner), pthread_self());
  }).join();
  return ok();
}
