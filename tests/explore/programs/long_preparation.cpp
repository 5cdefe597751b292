// A lost update behind a long preparation that one task makes alone: what bisect tries differs only
// behind that.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "account.hpp"

namespace {

void pay(int times) {
  for (int i = 0; i < times; ++i) account::pay_in();
}

// Some thousand calls.
unsigned prepare(const char* path) {
  unsigned sum = 0;
  const int fd = open(path, O_RDONLY);
  char bytes[64];
  for (int i = 0; i < 20000; ++i) {
    if (pread(fd, bytes, sizeof bytes, i % 100 * 64) == sizeof bytes) sum += bytes[i % 64];
  }
  close(fd);
  return sum;
}

}  // namespace

int main(int, char** arguments) {
  const auto sum = prepare(arguments[0]);
  std::thread one(pay, 5), two(pay, 5);
  one.join();
  two.join();
  std::printf("%u: %d\n", sum, account::balance);
  return account::balance == 100 ? 0 : 1;
}
