// A bounded queue, three producers, three consumers: nothing lost, nothing twice, each producer's
// items in order; who consumed what is an observation.
#include <pthread.h>

#include <string>

#include "expect.hpp"

constexpr int producers = 3, consumers = 3, items = 30, capacity = 4;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static int queue[capacity], length, head, taken;
static int last_of[producers] = {-1, -1, -1};
static std::string order;

static void* produce(void* argument) {
  const int index = static_cast<int>(reinterpret_cast<long>(argument));
  for (int i = 0; i < items; ++i) {
    pthread_mutex_lock(&mutex);
    while (length == capacity) pthread_cond_wait(&not_full, &mutex);
    queue[(head + length++) % capacity] = index * 1000 + i;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&mutex);
  }
  return nullptr;
}
static void* consume(void* argument) {
  for (;;) {
    pthread_mutex_lock(&mutex);
    while (length == 0 && taken < producers * items) pthread_cond_wait(&not_empty, &mutex);
    if (length == 0) {
      pthread_mutex_unlock(&mutex);
      return nullptr;
    }
    const int item = queue[head];
    head = (head + 1) % capacity;
    --length;
    EXPECT_EQ(item % 1000, last_of[item / 1000] + 1);
    last_of[item / 1000] = item % 1000;
    order += static_cast<char>('a' + reinterpret_cast<long>(argument));
    order += static_cast<char>('0' + item / 1000);
    if (++taken == producers * items) pthread_cond_broadcast(&not_empty);
    pthread_cond_signal(&not_full);
    pthread_mutex_unlock(&mutex);
  }
}

int main() {
  pthread_t threads[producers + consumers];
  for (long i = 0; i < producers + consumers; ++i) {
    auto* function = i < producers ? produce : consume;
    void* argument = reinterpret_cast<void*>(i < producers ? i : i - producers);
    EXPECT_EQ(pthread_create(&threads[i], nullptr, function, argument), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(taken, producers * items);
  OBS("order %s", order.c_str());
  return ok();
}
