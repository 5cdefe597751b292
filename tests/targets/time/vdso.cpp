// The vDSO's clock_gettime, gettimeofday, time and getcpu found by hand through AT_SYSINFO_EHDR
// tell the same time as libc and the raw system call. A sandbox may take the vDSO away.
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <string_view>

#include "expect.hpp"

static void* find(const char* base, std::string_view name) {
  const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(base);
  const auto* segment = reinterpret_cast<const ElfW(Phdr)*>(base + header->e_phoff);
  const ElfW(Dyn)* dynamic = nullptr;
  const char* load = nullptr;
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segment[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(base + segment[i].p_offset);
    }
    if (segment[i].p_type == PT_LOAD) load = base + segment[i].p_offset - segment[i].p_vaddr;
  }
  EXPECT(dynamic && load);
  const ElfW(Sym)* symbols = nullptr;
  const char* strings = nullptr;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_SYMTAB) {
      symbols = reinterpret_cast<const ElfW(Sym)*>(load + dynamic->d_un.d_ptr);
    }
    if (dynamic->d_tag == DT_STRTAB) strings = load + dynamic->d_un.d_ptr;
  }
  EXPECT(symbols && strings);
  // The string table follows the symbol table in every vDSO.
  for (int i = 1; reinterpret_cast<const char*>(symbols + i) < strings; ++i) {
    if (name == strings + symbols[i].st_name) {
      return const_cast<char*>(load + symbols[i].st_value);
    }
  }
  return nullptr;
}

int main() {
  const unsigned long base = getauxval(AT_SYSINFO_EHDR);
  if (!base) return skip("no vDSO");
  const char* image = reinterpret_cast<const char*>(base);
  EXPECT_EQ(memcmp(image, ELFMAG, SELFMAG), 0);
  auto* clock_direct =
      reinterpret_cast<int (*)(clockid_t, timespec*)>(find(image, "__vdso_clock_gettime"));
  auto* day_direct = reinterpret_cast<int (*)(timeval*, void*)>(find(image, "__vdso_gettimeofday"));
  auto* time_direct = reinterpret_cast<time_t (*)(time_t*)>(find(image, "__vdso_time"));
  auto* cpu_direct =
      reinterpret_cast<long (*)(unsigned*, unsigned*, void*)>(find(image, "__vdso_getcpu"));
  EXPECT(clock_direct && day_direct && time_direct && cpu_direct);
  long long last[2] = {0, 0};
  for (int i = 0; i < 300; ++i) {
    for (clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
      timespec now;
      if (i % 3 == 0) EXPECT_EQ(clock_direct(clock, &now), 0);
      if (i % 3 == 1) EXPECT_EQ(clock_gettime(clock, &now), 0);
      if (i % 3 == 2) EXPECT_EQ(syscall(SYS_clock_gettime, clock, &now), 0);
      const long long ns = now.tv_sec * 1000000000LL + now.tv_nsec;
      EXPECT(ns >= last[clock]);
      EXPECT(last[clock] == 0 || ns - last[clock] < 10000000000LL);
      last[clock] = ns;
    }
    timeval day;
    EXPECT_EQ(day_direct(&day, nullptr), 0);
    EXPECT(day.tv_sec * 1000000LL + day.tv_usec >= last[CLOCK_REALTIME] / 1000);
    EXPECT(time_direct(nullptr) >= last[CLOCK_REALTIME] / 1000000000LL - 1);
  }
  // A sleep shows in the hand-found function too.
  timespec before, after;
  clock_direct(CLOCK_MONOTONIC, &before);
  sleep_ms(5);
  clock_direct(CLOCK_MONOTONIC, &after);
  EXPECT((after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec >= 5000000);
  unsigned cpu = ~0u;
  EXPECT_EQ(cpu_direct(&cpu, nullptr, nullptr), 0);
  EXPECT(cpu < static_cast<unsigned>(sysconf(_SC_NPROCESSORS_CONF)));
  return ok();
}
