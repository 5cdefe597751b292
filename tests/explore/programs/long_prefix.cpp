// A lost update at the end of a long way there: what bisect tries differs only towards the end.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace {

std::mutex mutex;
int balance = 0;

int read_balance() {
  const std::lock_guard lock(mutex);
  return balance;
}

void write_balance(int value) {
  const std::lock_guard lock(mutex);
  balance = value;
}

void pay(int rounds) {
  for (int i = 0; i < rounds; ++i) (void)read_balance();
  write_balance(read_balance() + 10);
}

}  // namespace

int main() {
  std::thread one(pay, 2000), two(pay, 2000);
  one.join();
  two.join();
  std::printf("%d\n", balance);
  return balance == 20 ? 0 : 1;
}
