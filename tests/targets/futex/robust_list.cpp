// A raw robust list: at the thread's death each listed word it owns gets FUTEX_OWNER_DIED, keeps
// its waiters bit and wakes one; words of others and a half-done operation are treated as told.
#include <stddef.h>

#include "futex/futex.hpp"

struct Lock {
  robust_list list;
  unsigned word;
};
static Lock locks[4];
static robust_list_head head;
static pid_t owner;

static void* dies(void*) {
  robust_list_head* before = nullptr;
  size_t length = 0;
  EXPECT_EQ(syscall(SYS_get_robust_list, 0, &before, &length), 0);
  EXPECT_EQ(length, sizeof head);
  EXPECT(before != nullptr);
  owner = gettid();
  head.list.next = &locks[0].list;
  locks[0].list.next = &locks[1].list;
  locks[1].list.next = &locks[2].list;
  locks[2].list.next = &head.list;
  head.futex_offset = offsetof(Lock, word) - offsetof(Lock, list);
  head.list_op_pending = &locks[3].list;
  EXPECT_ERRNO(syscall(SYS_set_robust_list, &head, sizeof head - 1), EINVAL);
  EXPECT_EQ(syscall(SYS_set_robust_list, &head, sizeof head), 0);
  EXPECT_EQ(syscall(SYS_get_robust_list, 0, &before, &length), 0);
  EXPECT(before == &head);
  const unsigned mine = static_cast<unsigned>(owner);
  locks[1].word = 1;  // somebody else's
  locks[2].word = mine;
  locks[3].word = mine;
  __atomic_store_n(&locks[0].word, mine | FUTEX_WAITERS, __ATOMIC_SEQ_CST);
  sleep_ms(2);
  return nullptr;
}

int main() {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, dies, nullptr), 0);
  unsigned word;
  while ((word = __atomic_load_n(&locks[0].word, __ATOMIC_SEQ_CST)) == 0) sched_yield();
  while (!(word & FUTEX_OWNER_DIED)) {
    futex(&locks[0].word, FUTEX_WAIT, word);
    word = __atomic_load_n(&locks[0].word, __ATOMIC_SEQ_CST);
  }
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(locks[0].word, FUTEX_OWNER_DIED | FUTEX_WAITERS);
  EXPECT_EQ(locks[1].word, 1u);
  EXPECT_EQ(locks[2].word, FUTEX_OWNER_DIED);
  EXPECT_EQ(locks[3].word, FUTEX_OWNER_DIED);
  return ok();
}
