// Three clerks, each with one lock in hand, wait for the next one's in a circle.
#include <pthread.h>

#include <thread>
#include <vector>

namespace bank {

pthread_mutex_t account_lock[3] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                   PTHREAD_MUTEX_INITIALIZER};
pthread_barrier_t all_have_one;

[[gnu::noinline]] void transfer(int from, int to) {
  pthread_setname_np(pthread_self(), "clerk");
  pthread_mutex_lock(&account_lock[from]);
  pthread_barrier_wait(&all_have_one);
  pthread_mutex_lock(&account_lock[to]);
  pthread_mutex_unlock(&account_lock[to]);
  pthread_mutex_unlock(&account_lock[from]);
}

}  // namespace bank

int main() {
  pthread_barrier_init(&bank::all_have_one, nullptr, 3);
  std::vector<std::thread> clerks;
  for (int i = 0; i < 3; ++i) clerks.emplace_back(bank::transfer, i, (i + 1) % 3);
  for (auto& clerk : clerks) clerk.join();
}
