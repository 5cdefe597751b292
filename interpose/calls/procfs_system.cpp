// The machine as /proc and /sys show it: config.cpus processors, up since kBootNs before the run.
#include <linux/time.h>

#include "interpose/base/raw.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/procfs.hpp"
#include "interpose/calls/random.hpp"
#include "interpose/entry/prefix.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kTickNs = 10'000'000;  // USER_HZ is 100

std::uint64_t uptime_ns() { return kBootNs + world().scheduler.now_ns; }

std::uint64_t used_cpu_ns() {
  std::uint64_t total = 0;
  auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const Process& process = w.processes[i];
    if (process.state == ProcessState::unused) continue;
    total += cpu_time_of(process) + process.children_cpu_ns;
  }
  return total;
}

void two_digits(ProcText& out, std::uint64_t hundredths) {
  out << hundredths / 100 << '.' << hundredths / 10 % 10 << hundredths % 10;
}

struct MemoryLine {
  const char* name;
  std::uint64_t bytes;
};

// The labels of show_cpuinfo() in arch/x86/kernel/cpu/proc.c that tell processors apart, or how
// fast one happens to run.
bool put_cpu_line(ProcText& out, const char* line, std::uint32_t cpu) {
  const auto is = [line](const char* label) {
    return starts_with(line, label) && (line[strlen(label)] == '\t' || line[strlen(label)] == ' ');
  };
  const auto cpus = world().config.cpus;
  if (is("processor"))
    out << "processor\t: " << cpu << '\n';
  else if (is("cpu MHz"))
    out << "cpu MHz\t\t: 1000.000\n";
  else if (is("physical id"))
    out << "physical id\t: 0\n";
  else if (is("siblings"))
    out << "siblings\t: " << cpus << '\n';
  else if (is("core id"))
    out << "core id\t\t: " << cpu << '\n';
  else if (is("cpu cores"))
    out << "cpu cores\t: " << cpus << '\n';
  else if (is("apicid"))
    out << "apicid\t\t: " << cpu << '\n';
  else if (is("initial apicid"))
    out << "initial apicid\t: " << cpu << '\n';
  else if (is("bogomips"))
    out << "bogomips\t: 2000.00\n";
  else
    return false;
  return true;
}

// "devices/system/cpu/cpu7/...": 7.
std::uint32_t number_of_cpu(const ProcPath& path) {
  std::uint32_t number = 0;
  for (const char* c = path.rest + strlen("devices/system/cpu/cpu"); *c >= '0' && *c <= '9'; ++c) {
    number = number * 10 + static_cast<std::uint32_t>(*c - '0');
  }
  return number;
}

void uuid_from(ProcText& out, std::uint64_t high, std::uint64_t low) {
  high = (high & ~0xf000ull) | 0x4000;  // RFC 4122: random, variant 1
  low = (low & ~(3ull << 62)) | (2ull << 62);
  out.hexadecimal(high >> 32, 8) << '-';
  out.hexadecimal(high >> 16 & 0xffff, 4) << '-';
  out.hexadecimal(high & 0xffff, 4) << '-';
  out.hexadecimal(low >> 48, 4) << '-';
  out.hexadecimal(low & 0xffff'ffff'ffff, 12) << '\n';
}

}  // namespace

namespace proc {

void nothing(ProcText&, const ProcPath&) {}
void empty_line(ProcText& out, const ProcPath&) { out << '\n'; }

void uptime(ProcText& out, const ProcPath&) {
  two_digits(out, uptime_ns() / kTickNs);
  out << ' ';
  two_digits(out, (uptime_ns() * world().config.cpus - used_cpu_ns()) / kTickNs);
  out << '\n';
}

void machine_stat(ProcText& out, const ProcPath&) {
  const auto cpus = world().config.cpus;
  const auto used = used_cpu_ns() / kTickNs;
  const auto idle = uptime_ns() / kTickNs;
  const auto line = [&out](std::uint64_t user, std::uint64_t rest) {
    out << ' ' << user << " 0 0 " << rest << " 0 0 0 0 0 0\n";
  };
  out << "cpu ";
  line(used, idle * cpus - used);
  for (std::uint32_t i = 0; i < cpus; ++i) {
    const auto share = i == 0 ? used - used / cpus * (cpus - 1) : used / cpus;
    out << "cpu" << i;
    line(share, idle > share ? idle - share : 0);
  }
  const auto boot_s = (world().config.epoch_ns - kBootNs) / kSecondNs;
  out << "intr 0\nctxt " << world().scheduler.decisions << "\nbtime " << boot_s << "\nprocesses "
      << world().next_pid << "\nprocs_running " << world().scheduler.runnable_count
      << "\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n";
}

void loadavg(ProcText& out, const ProcPath&) {
  const auto& w = world();
  out << "0.00 0.00 0.00 " << w.scheduler.runnable_count << '/' << w.scheduler.live << ' '
      << w.next_pid - 1 << '\n';
}

void meminfo(ProcText& out, const ProcPath&) {
  constexpr MemoryLine kLines[] = {{"MemTotal", kMemoryBytes},
                                   {"MemFree", kMemoryBytes / 2},
                                   {"MemAvailable", kMemoryBytes / 4 * 3},
                                   {"Buffers", 0},
                                   {"Cached", kMemoryBytes / 4},
                                   {"SwapCached", 0},
                                   {"Active", kMemoryBytes / 4},
                                   {"Inactive", kMemoryBytes / 8},
                                   {"Unevictable", 0},
                                   {"Mlocked", 0},
                                   {"SwapTotal", 0},
                                   {"SwapFree", 0},
                                   {"Dirty", 0},
                                   {"Writeback", 0},
                                   {"AnonPages", kMemoryBytes / 8},
                                   {"Mapped", kMemoryBytes / 16},
                                   {"Shmem", 0},
                                   {"Slab", 0},
                                   {"SReclaimable", 0},
                                   {"SUnreclaim", 0},
                                   {"PageTables", 0},
                                   {"CommitLimit", kMemoryBytes / 2},
                                   {"Committed_AS", kMemoryBytes / 8},
                                   {"VmallocTotal", 32ull << 40},
                                   {"VmallocUsed", 0}};
  for (const auto& line : kLines) {
    out << line.name << ':';
    Text<24> digits;
    digits << line.bytes / 1024;
    for (auto i = strlen(line.name) + 1 + digits.size(); i < 24; ++i) out << ' ';
    out << digits.data() << " kB\n";
  }
  out << "HugePages_Total:       0\nHugePages_Free:        0\nHugepagesize:       2048 kB\n";
}

void cpuinfo(ProcText& out, const ProcPath&) {
  for (std::uint32_t i = 0; i < world().config.cpus; ++i) {
    LineReader lines("/proc/cpuinfo");
    for (const char* line = lines.next(); line != nullptr && *line != 0; line = lines.next()) {
      if (put_cpu_line(out, line, i)) continue;
      for (const char* c = line; *c != 0; ++c) out << *c;
      out << '\n';
    }
    out << '\n';
  }
}

void version(ProcText& out, const ProcPath&) {
  out << kSystemName << " version " << kRelease << " (detsim@" << kNodeName << ") "
      << kSystemVersion << '\n';
}

void vmstat(ProcText& out, const ProcPath&) {
  out << "nr_free_pages " << kMemoryBytes / 2 / 4096
      << "\nnr_dirty 0\nnr_writeback 0\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\npgfault 0\n"
         "pgmajfault 0\noom_kill 0\n";
}

void swaps(ProcText& out, const ProcPath&) {
  out << "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
}

void hostname(ProcText& out, const ProcPath&) { out << kNodeName << '\n'; }
void domainname(ProcText& out, const ProcPath&) { out << kDomainName << '\n'; }
void osrelease(ProcText& out, const ProcPath&) { out << kRelease << '\n'; }
void osversion(ProcText& out, const ProcPath&) { out << kSystemVersion << '\n'; }
void last_pid(ProcText& out, const ProcPath&) { out << world().next_pid - 1 << '\n'; }

void boot_id(ProcText& out, const ProcPath&) {
  auto stream = ChoiceStream::derive(world().config.seed, Stream::identity);
  const auto high = stream.next();
  uuid_from(out, high, stream.next());
}

void uuid(ProcText& out, const ProcPath&) {
  auto& stream = data_stream();
  const auto high = stream.next();
  uuid_from(out, high, stream.next());
}

void entropy(ProcText& out, const ProcPath&) { out << "256\n"; }
void reseed_seconds(ProcText& out, const ProcPath&) { out << "60\n"; }
void file_count(ProcText& out, const ProcPath&) { out << "1024\t0\t9223372036854775807\n"; }
void inode_count(ProcText& out, const ProcPath&) { out << "65536\t1024\n"; }
void inode_state(ProcText& out, const ProcPath&) { out << "65536\t1024\t0\t0\t0\t0\t0\n"; }
void dentry_state(ProcText& out, const ProcPath&) { out << "65536\t32768\t45\t0\t1024\t0\n"; }

void cpu_list(ProcText& out, const ProcPath&) {
  out << '0';
  if (world().config.cpus > 1) out << '-' << world().config.cpus - 1;
  out << '\n';
}

void zero(ProcText& out, const ProcPath&) { out << "0\n"; }

void cpu_number(ProcText& out, const ProcPath& path) { out << number_of_cpu(path) << '\n'; }

// As the kernel prints bitmaps: groups of 32 bits, the highest first.
void cpu_mask(ProcText& out, const ProcPath& path) {
  const auto cpus = world().config.cpus, number = number_of_cpu(path);
  for (auto group = (cpus + 31) / 32; group-- > 0;) {
    out.hexadecimal(number / 32 == group ? 1u << (number % 32) : 0, cpus > 32 ? 8 : 1)
        << (group > 0 ? ',' : '\n');
  }
}

void cpus_mask(ProcText& out, const ProcPath&) {
  const auto cpus = world().config.cpus;
  for (auto group = (cpus + 31) / 32; group-- > 0;) {
    const auto bits = cpus - group * 32 < 32 ? cpus - group * 32 : 32;
    out.hexadecimal((1ull << bits) - 1, cpus > 32 ? 8 : 1) << (group > 0 ? ',' : '\n');
  }
}

}  // namespace proc
}  // namespace detsim
