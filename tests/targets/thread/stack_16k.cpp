// A thread on a 16 KiB stack makes blocking calls; whoever carries them out must not do it on this
// stack: it is painted beforehand, and the low third must stay painted.
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include "expect.hpp"

constexpr size_t stack_bytes = 16384;
constexpr int thread_count = 8;
static int channel[2];
static sem_t semaphore;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn = 0;

static void* work(void* argument) {
  const long index = reinterpret_cast<long>(argument);
  volatile unsigned char local[512];
  for (size_t i = 0; i < sizeof local; ++i) local[i] = static_cast<unsigned char>(i * 7 + index);
  for (int round = 0; round < 4; ++round) {
    pthread_mutex_lock(&mutex);
    while (turn % thread_count != index) pthread_cond_wait(&condition, &mutex);
    ++turn;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    EXPECT_EQ(sem_wait(&semaphore), 0);
    char byte = 0;
    EXPECT_EQ(read(channel[0], &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
    timespec pause = {0, 100000};
    nanosleep(&pause, nullptr);
  }
  for (size_t i = 0; i < sizeof local; ++i) {
    if (local[i] != static_cast<unsigned char>(i * 7 + index)) return nullptr;
  }
  return argument;
}

int main() {
  EXPECT_EQ(pipe(channel), 0);
  EXPECT_EQ(sem_init(&semaphore, 0, 0), 0);
  pthread_t threads[thread_count];
  unsigned char* stacks[thread_count];
  for (long i = 0; i < thread_count; ++i) {
    void* stack = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    EXPECT(stack != MAP_FAILED);
    memset(stack, 0xa5, stack_bytes);
    stacks[i] = static_cast<unsigned char*>(stack);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    EXPECT_EQ(pthread_attr_setstack(&attributes, stack, stack_bytes), 0);
    EXPECT_EQ(pthread_create(&threads[i], &attributes, work, reinterpret_cast<void*>(i)), 0);
  }
  for (int i = 0; i < 4 * thread_count; ++i) {
    EXPECT_EQ(sem_post(&semaphore), 0);
    EXPECT_EQ(write(channel[1], "x", 1), 1);
    if (i % 5 == 0) sleep_ms(1);
  }
  for (long i = 0; i < thread_count; ++i) {
    void* result = nullptr;
    EXPECT_EQ(pthread_join(threads[i], &result), 0);
    EXPECT(result == reinterpret_cast<void*>(i));
    // The lazy binder saves vector registers here natively, some 3 KiB with AVX-512.
    for (size_t at = 0; at < 5000; ++at) EXPECT_EQ(stacks[i][at], 0xa5);
  }
  return ok();
}
