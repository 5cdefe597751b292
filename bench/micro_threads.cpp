// What threads do with each other.
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <cstdlib>

#include "bench/micro.hpp"

namespace {

long rounds;

void require(bool holds) {
  if (!holds) std::abort();
}

void run_two(void* (*function)(void*)) {
  static int numbers[2] = {0, 1};
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) {
    require(pthread_create(&threads[i], nullptr, function, &numbers[i]) == 0);
  }
  for (auto& thread : threads) require(pthread_join(thread, nullptr) == 0);
}

// With two threads on one processor every second yield or so is a switch.
void* yields(void*) {
  for (long i = 0; i < rounds / 2; ++i) sched_yield();
  return nullptr;
}
void yield(long count) {
  rounds = count;
  run_two(yields);
}

void yield_alone(long count) {
  for (long i = 0; i < count; ++i) sched_yield();
}

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
int turn;

void* plays(void* argument) {
  const int mine = *static_cast<int*>(argument);
  for (long i = 0; i < rounds / 2; ++i) {
    pthread_mutex_lock(&mutex);
    while (turn != mine) pthread_cond_wait(&condition, &mutex);
    turn = 1 - mine;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
  }
  return nullptr;
}
// COUNT hand-offs from one thread to the other.
void ping_pong(long count) {
  rounds = count;
  run_two(plays);
}

void create_and_join(long count) {
  for (long i = 0; i < count; ++i) {
    pthread_t thread;
    require(pthread_create(
                &thread, nullptr, [](void* p) { return p; }, nullptr) == 0);
    require(pthread_join(thread, nullptr) == 0);
  }
}

void sleep_often(long count) {
  const timespec pause{0, 1'000'000};
  for (long i = 0; i < count; ++i) nanosleep(&pause, nullptr);
}

}  // namespace

const Row kThreadRows[] = {
    {"yield", yield, [] { return door_of_site("sched_yield"); }},
    {"yield_alone", yield_alone, [] { return door_of_site("sched_yield"); }},
    {"ping_pong", ping_pong, [] { return door_of_symbol("pthread_cond_wait"); }},
    {"create", create_and_join, nullptr},
    {"sleep", sleep_often, nullptr},
    {nullptr, nullptr, nullptr}};
