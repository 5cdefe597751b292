// How many processors there are: one answer, whoever is asked.
#include <sched.h>
#include <sys/sysinfo.h>

#include <thread>

#include "file/file.hpp"

static int count_of(const std::string& list) {  // "0-3,5"
  int count = 0;
  for (const char* at = list.c_str(); *at >= '0' && *at <= '9';) {
    char* end;
    const long first = strtol(at, &end, 10);
    const long last = *end == '-' ? strtol(end + 1, &end, 10) : first;
    count += static_cast<int>(last - first + 1);
    at = *end == ',' ? end + 1 : end;
  }
  return count;
}

static int occurrences(const std::string& text, const char* word) {
  int count = 0;
  for (size_t at = 0; (at = text.find(word, at)) != text.npos; ++at) ++count;
  return count;
}

int main() {
  const int cpus = get_nprocs();
  OBS("%d", cpus);
  EXPECT_EQ(sysconf(_SC_NPROCESSORS_ONLN), cpus);
  EXPECT(sysconf(_SC_NPROCESSORS_CONF) >= cpus);
  EXPECT_EQ(count_of(read_file("/sys/devices/system/cpu/online")), cpus);
  EXPECT_EQ(occurrences(read_file("/proc/cpuinfo"), "processor\t:"), cpus);
  EXPECT_EQ(occurrences(read_file("/proc/stat"), "\ncpu"), cpus);
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  EXPECT(CPU_COUNT(&set) <= cpus);
  EXPECT_EQ(std::thread::hardware_concurrency(), static_cast<unsigned>(CPU_COUNT(&set)));
  EXPECT(sched_getcpu() >= 0 && sched_getcpu() < cpus);
  int listed = 0;
  for (const auto& name : names_in("/sys/devices/system/cpu")) {
    if (name.size() > 3 && name.compare(0, 3, "cpu") == 0 && isdigit(name[3])) ++listed;
  }
  EXPECT(listed >= cpus);
  EXPECT_EQ(access("/sys/devices/system/cpu/cpu0", F_OK), 0);
  // Relative to a directory, as lscpu and hwloc ask.
  const int base = open("/sys/devices/system/cpu", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(faccessat(base, "online", R_OK, 0), 0);
  const int online = openat(base, "online", O_RDONLY);
  char text[64] = {};
  EXPECT(read(online, text, sizeof text - 1) > 0);
  EXPECT_EQ(count_of(text), cpus);
  return ok();
}
