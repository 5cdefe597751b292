// Random numbers by way of the libraries: std::random_device in each of its forms, arc4random,
// getentropy, and the auxiliary vector.
#include <sys/auxv.h>
#include <sys/random.h>

#include <random>

#include "expect.hpp"

int main() {
  for (const char* token : {"default", "/dev/urandom", "getrandom"}) {
    try {
      std::random_device device(token);
      OBS("%s %u %u", token, device(), device());
    } catch (const std::exception&) {
      OBS("%s: not here", token);
    }
  }
  unsigned long value;
  EXPECT_EQ(getentropy(&value, sizeof value), 0);
  OBS("getentropy %lx", value);
#if __GLIBC_PREREQ(2, 36)
  OBS("arc4random %x", arc4random());
#endif
  const auto* bytes = reinterpret_cast<const unsigned long*>(getauxval(AT_RANDOM));
  OBS("AT_RANDOM %lx %lx", bytes[0], bytes[1]);
  return ok();
}
