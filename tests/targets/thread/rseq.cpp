// Restartable sequences: glibc registered an area for every thread; registering another is refused,
// one's own can be given up and taken back; a child of fork goes on with its parent's.
#include <linux/rseq.h>
#include <pthread.h>
#include <sched.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

#include "expect.hpp"

static struct rseq* mine() {
  return reinterpret_cast<struct rseq*>(static_cast<char*>(__builtin_thread_pointer()) +
                                        __rseq_offset);
}

static long call(void* area, unsigned bytes, int flags, unsigned signature) {
  return syscall(SYS_rseq, area, bytes, flags, signature);
}

static void look() {
  const auto cpu = __atomic_load_n(&mine()->cpu_id, __ATOMIC_RELAXED);
  EXPECT(static_cast<int>(cpu) >= 0);
  EXPECT(cpu < static_cast<unsigned>(sysconf(_SC_NPROCESSORS_CONF)));
  EXPECT(mine()->cpu_id_start <= 4096);
}

static void* work(void*) {
  look();
  alignas(32) static struct rseq other[2];
  // One area is there already.
  EXPECT_ERRNO(call(&other[0], sizeof other[0], 0, RSEQ_SIG), EINVAL);
  EXPECT_ERRNO(call(&other[0], sizeof other[0], RSEQ_FLAG_UNREGISTER, RSEQ_SIG), EINVAL);
  for (int i = 0; i < 10; ++i) {
    look();
    sched_yield();
  }
  return nullptr;
}

int main() {
  if (__rseq_size == 0) return skip("glibc registers none");
  work(nullptr);
  pthread_t threads[3];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_CHILD_OK(start_child([] { work(nullptr); }));
  return ok();
}
