// An interposed function keeps what the calling convention says: rbx, rbp, r12-r15, the stack
// pointer and both floating-point control words, though other threads with other values run in
// between; the direction flag is clear. Waiting inside of it keeps them too.
#include <pthread.h>
#include <semaphore.h>

#include "expect.hpp"

// long keep_call(function, argument, seed, out): calls with known registers, writes them to `out`.
extern "C" long keep_call(void* function, void* argument, unsigned long seed, unsigned long* out);
asm(".text\n .type keep_call, @function\n keep_call:\n .cfi_startproc\n"
    "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n push %rcx\n"
    ".cfi_def_cfa_offset 64\n"
    "mov %rdi, %rax\n mov %rsi, %rdi\n"
    "lea 1(%rdx), %rbx\n lea 2(%rdx), %rbp\n lea 3(%rdx), %r12\n"
    "lea 4(%rdx), %r13\n lea 5(%rdx), %r14\n lea 6(%rdx), %r15\n"
    "call *%rax\n"
    "pop %rcx\n"
    ".cfi_def_cfa_offset 56\n"
    "mov %rbx, (%rcx)\n mov %rbp, 8(%rcx)\n mov %r12, 16(%rcx)\n"
    "mov %r13, 24(%rcx)\n mov %r14, 32(%rcx)\n mov %r15, 40(%rcx)\n"
    "pushfq\n popq 48(%rcx)\n"
    "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
    ".cfi_endproc\n .size keep_call, .-keep_call\n");

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;
static pthread_barrier_t barrier;
static int inside;

template <class Function, class Argument>
static void keeps(Function* function, Argument* argument, unsigned long seed) {
  unsigned long out[7];
  const unsigned control = 0x1f80 | static_cast<unsigned>(seed % 4) << 13;
  const auto x87 = static_cast<unsigned short>(0x037f | (seed % 4) << 10);
  unsigned control_after = 0;
  unsigned short x87_after = 0;
  asm volatile("ldmxcsr %0\n fldcw %1" ::"m"(control), "m"(x87));
  const long result = keep_call(reinterpret_cast<void*>(function), argument, seed, out);
  asm volatile("stmxcsr %0\n fnstcw %1" : "=m"(control_after), "=m"(x87_after));
  EXPECT(static_cast<int>(result) == 0 ||
         static_cast<int>(result) == PTHREAD_BARRIER_SERIAL_THREAD);
  EXPECT_EQ(control_after & ~0x3fu, control);
  EXPECT_EQ(x87_after, x87);
  for (unsigned long i = 0; i < 6; ++i) EXPECT_EQ(out[i], seed + i + 1);
  EXPECT_EQ(out[6] & 0x400, 0UL);
}

static void* work(void* argument) {
  auto seed = reinterpret_cast<unsigned long>(argument) * 1000003;
  for (int i = 0; i < 200; ++i, ++seed) {
    keeps(pthread_mutex_lock, &mutex, seed);
    EXPECT_EQ(inside++, 0);
    keeps(sem_post, &semaphore, seed + 1);
    EXPECT_EQ(--inside, 0);
    keeps(pthread_mutex_unlock, &mutex, seed + 2);
    keeps(pthread_rwlock_wrlock, &rwlock, seed + 3);
    keeps(pthread_rwlock_unlock, &rwlock, seed + 1);
    keeps(sem_wait, &semaphore, seed + 2);
    if (i % 10 == 0) keeps(pthread_barrier_wait, &barrier, seed + 3);
  }
  return nullptr;
}

int main() {
  sem_init(&semaphore, 0, 0);
  pthread_barrier_init(&barrier, nullptr, 4);
  pthread_t threads[4];
  for (unsigned long i = 0; i < 4; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i + 1)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
