// A lost update. Two tellers pay into one account; each reads the balance and writes it back under
// the lock, but lets the lock go in between. A payment that the other teller makes there is lost.
//
// The cure: hold the lock from the reading to the writing.
#include <cstdio>
#include <mutex>
#include <thread>

namespace {

class Account {
 public:
  long balance() const {
    const std::lock_guard lock(mutex_);
    return balance_;
  }
  void set_balance(long balance) {
    const std::lock_guard lock(mutex_);
    balance_ = balance;
  }

 private:
  mutable std::mutex mutex_;
  long balance_ = 0;
};

void pay_in(Account& account, int times) {
  for (int i = 0; i < times; ++i) {
    const long before = account.balance();
    account.set_balance(before + 10);  // the bug: `before` may be old
  }
}

}  // namespace

int main() {
  Account account;
  std::thread first(pay_in, std::ref(account), 2);
  std::thread second(pay_in, std::ref(account), 1);
  first.join();
  second.join();
  std::printf("three payments of 10 make %ld\n", account.balance());
  return account.balance() == 30 ? 0 : 1;
}
