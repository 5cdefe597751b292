// While a writer waits, the default kind lets another reader in, and the writer-preferring kind
// does not; the writer gets its turn in both.
#include <unistd.h>

#include "lock/counted.hpp"

static pthread_rwlock_t lock;
static int volatile written;
static void* write_once(void*) {
  EXPECT_EQ(pthread_rwlock_wrlock(&lock), 0);
  written = written + 1;
  EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
  return nullptr;
}

int main() {
  for (int kind : {PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP}) {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    EXPECT_EQ(pthread_rwlockattr_setkind_np(&attributes, kind), 0);
    EXPECT_EQ(pthread_rwlock_init(&lock, &attributes), 0);
    EXPECT_EQ(pthread_rwlock_rdlock(&lock), 0);
    pthread_t writer;
    EXPECT_EQ(pthread_create(&writer, nullptr, write_once, nullptr), 0);
    const auto reads = [] {
      const int error = pthread_rwlock_tryrdlock(&lock);
      if (error == 0) pthread_rwlock_unlock(&lock);
      return error;
    };
    if (kind == PTHREAD_RWLOCK_PREFER_READER_NP) {
      sleep_ms(3);
      EXPECT_EQ(in_thread(reads), 0);
    } else {
      // Only once the writer has come is a reader turned away.
      while (in_thread(reads) == 0) sleep_ms(1);
    }
    const int before = written;
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    EXPECT_EQ(pthread_join(writer, nullptr), 0);
    EXPECT_EQ(written, before + 1);
    EXPECT_EQ(pthread_rwlock_destroy(&lock), 0);
  }
  return ok();
}
