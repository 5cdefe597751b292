// /proc/sys/kernel/random.
#include "file/file.hpp"

int main() {
  const auto boot = read_file("/proc/sys/kernel/random/boot_id");
  EXPECT_EQ(boot.size(), 37u);
  EXPECT_EQ(read_file("/proc/sys/kernel/random/boot_id"), boot);
  OBS("boot %s", boot.c_str());
  const auto one = read_file("/proc/sys/kernel/random/uuid");
  const auto two = read_file("/proc/sys/kernel/random/uuid");
  EXPECT_EQ(one.size(), 37u);
  EXPECT(one != two);
  EXPECT_EQ(one[14], '4');  // RFC 4122: version 4
  OBS("uuid %s%s", one.c_str(), two.c_str());
  const int entropy = atoi(read_file("/proc/sys/kernel/random/entropy_avail").c_str());
  EXPECT(entropy > 0);
  OBS("entropy %d", entropy);
  return ok();
}
