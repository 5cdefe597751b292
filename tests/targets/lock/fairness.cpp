// Who gets a contended mutex next, and who wins a trylock race, as observations.
#include "lock/counted.hpp"
#include "support/interleaving.hpp"

int main() {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  expect_exclusion([&](Counted& counted, int index, int round) {
    if (round % 2) {
      pthread_mutex_lock(&mutex);
    } else {
      while (pthread_mutex_trylock(&mutex) != 0) sched_yield();
    }
    interleaving_note(static_cast<char>('a' + index));
    counted.step();
    pthread_mutex_unlock(&mutex);
  });
  interleaving_print();
  return ok();
}
