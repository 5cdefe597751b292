// Memory as /proc shows it: the kernel's list of mappings without the shim's own, and with inode
// numbers as stat shows them.
#include <sys/sysmacros.h>

#include "interpose/base/raw.hpp"
#include "interpose/calls/procfs.hpp"

namespace detsim {
namespace {

// A line of maps: "begin-end rwxp offset major:minor inode      path".
struct Mapping {
  std::uint64_t begin = 0, end = 0, offset = 0, device_major = 0, device_minor = 0, inode = 0;
  char access[5] = {};
  const char* path = "";
};

std::uint64_t number(const char*& at, unsigned base) {
  std::uint64_t value = 0;
  for (;; ++at) {
    unsigned digit;
    if (*at >= '0' && *at <= '9')
      digit = static_cast<unsigned>(*at - '0');
    else if (base == 16 && *at >= 'a' && *at <= 'f')
      digit = static_cast<unsigned>(*at - 'a') + 10;
    else
      return value;
    value = value * base + digit;
  }
}

bool parse(const char* line, Mapping& m) {
  const char* at = line;
  m.begin = number(at, 16);
  if (*at++ != '-') return false;
  m.end = number(at, 16);
  if (*at++ != ' ') return false;
  for (unsigned i = 0; i < 4; ++i, ++at) {
    if (*at == 0) return false;
    m.access[i] = *at;
  }
  ++at;
  m.offset = number(at, 16);
  ++at;
  m.device_major = number(at, 16);
  if (*at++ != ':') return false;
  m.device_minor = number(at, 16);
  ++at;
  m.inode = number(at, 10);
  while (*at == ' ') ++at;
  m.path = at;
  return true;
}

// Stubs of rewritten sites (entry/rewrite_stub.cpp), wherever they had to lie. Told by their form,
// since the process may be another one.
bool is_arena(const Mapping& m) {
  return m.end - m.begin == 64 << 10 && m.begin % (1 << 20) == 0 && m.inode == 0 && *m.path == 0 &&
         equal(m.access, "r-xp");
}

bool is_ours(const Mapping& m) {
  constexpr std::uint64_t kEnd = kPrivateAddress + (16ull << 30);
  return (m.begin < kEnd && m.end > kWorldAddress) || is_arena(m) ||
         equal(m.path, world().config.library);
}

void put(ProcText& out, const Mapping& m) {
  out.hexadecimal(m.begin, 8) << '-';
  out.hexadecimal(m.end, 8) << ' ' << m.access << ' ';
  out.hexadecimal(m.offset, 8) << ' ';
  out.hexadecimal(m.device_major, 2) << ':';
  out.hexadecimal(m.device_minor, 2) << ' ';
  Text<24> inode;
  inode << (m.inode == 0 ? 0 : shown_inode(makedev(m.device_major, m.device_minor), m.inode));
  out << inode.data();
  if (*m.path != 0) {
    // The kernel puts paths at column 73.
    const auto digits = [](std::uint64_t value, unsigned least) {
      unsigned count = 1;
      while (value >>= 4) ++count;
      return count < least ? least : count;
    };
    auto column = digits(m.begin, 8) + 1 + digits(m.end, 8) + 6 + digits(m.offset, 8) + 1 +
                  digits(m.device_major, 2) + 1 + digits(m.device_minor, 2) + 1 + inode.size();
    for (; column < 72; ++column) out << ' ';
    out << ' ' << m.path;
  }
  out << '\n';
}

template <typename Visit>
void for_each_mapping(const Process& process, Visit visit) {
  if (process.state != ProcessState::live) return;
  LineReader lines(real_proc_path(process, "maps").data());
  while (const char* line = lines.next()) {
    Mapping mapping;
    if (parse(line, mapping) && !is_ours(mapping)) visit(mapping);
  }
}

// How much is resident depends on the kernel's mood; what is mapped is told instead.
void put_sizes(ProcText& out, std::uint64_t kilobytes) {
  out << "Rss:            " << kilobytes << " kB\nPss:            " << kilobytes
      << " kB\nShared_Clean:   0 kB\nShared_Dirty:   0 kB\nPrivate_Clean:  0 kB\nPrivate_Dirty:  "
      << kilobytes << " kB\nReferenced:     " << kilobytes << " kB\nAnonymous:      " << kilobytes
      << " kB\nLazyFree:       0 kB\nAnonHugePages:  0 kB\nSwap:           0 kB\n"
         "SwapPss:        0 kB\nLocked:         0 kB\n";
}

}  // namespace

std::uint64_t mapped_bytes(const Process& process) {
  std::uint64_t total = 0;
  for_each_mapping(process, [&total](const Mapping& m) { total += m.end - m.begin; });
  return total;
}

namespace proc {

void maps(ProcText& out, const ProcPath& path) {
  for_each_mapping(*path.process, [&out](const Mapping& m) { put(out, m); });
}

void smaps(ProcText& out, const ProcPath& path) {
  for_each_mapping(*path.process, [&out](const Mapping& m) {
    put(out, m);
    const auto kilobytes = (m.end - m.begin) / 1024;
    out << "Size:           " << kilobytes << " kB\nKernelPageSize: 4 kB\nMMUPageSize:    4 kB\n";
    put_sizes(out, m.access[0] == '-' ? 0 : kilobytes);
    out << "THPeligible:    0\nVmFlags:" << (m.access[0] == 'r' ? " rd" : "")
        << (m.access[1] == 'w' ? " wr" : "") << (m.access[2] == 'x' ? " ex" : "")
        << (m.access[3] == 's' ? " sh" : "") << " mr mw me \n";
  });
}

void smaps_rollup(ProcText& out, const ProcPath& path) {
  std::uint64_t begin = 0, end = 0, total = 0;
  for_each_mapping(*path.process, [&](const Mapping& m) {
    if (begin == 0) begin = m.begin;
    end = m.end;
    if (m.access[0] != '-') total += m.end - m.begin;
  });
  out.hexadecimal(begin, 8) << '-';
  out.hexadecimal(end, 8) << " ---p 00000000 00:00 0                          [rollup]\n";
  put_sizes(out, total / 1024);
}

void statm(ProcText& out, const ProcPath& path) {
  const auto pages = mapped_bytes(*path.process) / 4096;
  const auto resident = resident_of(pages * 4096) / 4096;
  out << pages << ' ' << resident << ' ' << resident / 2 << " 1 0 " << pages << " 0\n";
}

}  // namespace proc
}  // namespace detsim
