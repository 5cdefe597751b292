// The machine's name, release and memory, by call and by file.
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "file/file.hpp"

int main() {
  utsname name;
  EXPECT_EQ(uname(&name), 0);
  OBS("%s %s %s %s %s", name.sysname, name.nodename, name.release, name.version, name.machine);
  EXPECT_EQ(read_file("/proc/sys/kernel/hostname"), std::string(name.nodename) + "\n");
  EXPECT_EQ(read_file("/proc/sys/kernel/osrelease"), std::string(name.release) + "\n");
  EXPECT_EQ(read_file("/proc/version").find(std::string("Linux version ") + name.release), 0u);
  char host[65];
  EXPECT_EQ(gethostname(host, sizeof host), 0);
  EXPECT_EQ(std::string(host), std::string(name.nodename));
  struct sysinfo info;
  EXPECT_EQ(sysinfo(&info), 0);
  unsigned long total_kb = 0;
  EXPECT_EQ(sscanf(read_file("/proc/meminfo").c_str(), "MemTotal: %lu kB", &total_kb), 1);
  EXPECT_EQ(total_kb, info.totalram * info.mem_unit / 1024);
  OBS("%lu %lu", total_kb, info.freeram);
  EXPECT_EQ(sysconf(_SC_PHYS_PAGES) * 4L, static_cast<long>(total_kb));
  double up = 0;
  EXPECT_EQ(sscanf(read_file("/proc/uptime").c_str(), "%lf", &up), 1);
  EXPECT(up - static_cast<double>(info.uptime) < 5 && static_cast<double>(info.uptime) - up < 5);
  const auto stat = read_file("/proc/stat");
  long boot = 0;
  EXPECT_EQ(sscanf(stat.c_str() + stat.find("btime "), "btime %ld", &boot), 1);
  const auto difference = time(nullptr) - static_cast<long>(up) - boot;
  EXPECT(difference >= -2 && difference <= 2);
  OBS("%s", read_file("/proc/loadavg").c_str());
  return ok();
}
