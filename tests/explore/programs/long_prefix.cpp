// A lost update at the end of a long way there: what bisect tries differs only towards the end.
#include <cstdio>
#include <thread>

#include "account.hpp"

namespace {

void pay(int rounds) {
  for (int i = 0; i < rounds; ++i) (void)account::read_balance();
  account::pay_in();
}

}  // namespace

int main() {
  std::thread one(pay, 2000), two(pay, 2000);
  one.join();
  two.join();
  std::printf("%d\n", account::balance);
  return account::balance == 20 ? 0 : 1;
}
