// An ABBA deadlock. Two transfers lock the same two accounts in opposite order; when each has its
// first lock, each waits for the other's for ever. detsim reports it with status 120, says who
// holds what, and shows both stacks.
//
// The cure: `std::scoped_lock(from.mutex, to.mutex)`, or one order for all.
#include <cstdio>
#include <mutex>
#include <thread>

namespace {

struct Account {
  std::mutex mutex;
  long balance = 100;
};

void transfer(Account& from, Account& to, long amount) {
  const std::lock_guard lock_from(from.mutex);
  const std::lock_guard lock_to(to.mutex);  // the bug: the order depends on the arguments
  from.balance -= amount;
  to.balance += amount;
}

}  // namespace

int main() {
  Account alice, bob;
  std::thread there(transfer, std::ref(alice), std::ref(bob), 30);
  std::thread back(transfer, std::ref(bob), std::ref(alice), 20);
  there.join();
  back.join();
  std::printf("alice has %ld, bob has %ld\n", alice.balance, bob.balance);
}
