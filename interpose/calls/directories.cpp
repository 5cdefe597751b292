// Directories in an order of the run's own: by a number drawn from the seed for each name,
// whatever the file system and its history.
//
// The position of an open directory is the number of the entry that was read last. It is kept
// where the kernel keeps positions, so it is shared by duplicates and across fork, survives the
// removal of entries, and lseek (seekdir, rewinddir) works on it. For each call the directory is
// read whole from its start, unless this image did so before and the run changed no directory
// since.
//
// Numbers have 31 bits, since not every file system takes larger positions. Names that share one
// are kept together: a call ends before or behind them.
#include <asm-generic/errno.h>
#include <linux/mman.h>
#include <sys/stat.h>

#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/proc_paths.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/procfs.hpp"
#include "interpose/entry/switch.hpp"
#include "scheduler/own_names.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kListAddress = kPrivateAddress + (9ull << 30);
constexpr std::uint64_t kListBytes = 1ull << 30;
constexpr std::uint32_t kEntriesMax = 8 << 20;
constexpr std::uint32_t kPositions = 0x7fff'0000, kFirstHashed = 1 << 24;
constexpr std::uint8_t kDirectoryType = 4;  // DT_DIR

struct KernelEntry {  // struct linux_dirent64
  std::uint64_t inode;
  std::uint64_t offset;
  std::uint16_t bytes;
  std::uint8_t type;
  char name[5];  // really longer
};
constexpr std::size_t kEntryHead = offsetof(KernelEntry, name);

struct Entry {
  std::uint32_t position;
  std::uint32_t name;  // offset in `names`
  std::uint64_t inode;
  std::uint8_t type;
};

// What one image read last; private to it.
struct List {
  std::uint64_t device, number, changes;
  std::uint32_t count;
  std::uint64_t names_used;
  Entry entries[kEntriesMax];
  char names[kListBytes - sizeof(Entry) * kEntriesMax - 64];
};
static_assert(sizeof(List) <= kListBytes);

List& list() { return *reinterpret_cast<List*>(kListAddress); }
bool is_mapped;

bool set_up_list() {
  if (is_mapped) return true;
  const long result = raw(__NR_mmap, kListAddress, kListBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  is_mapped = result == static_cast<long>(kListAddress);
  return is_mapped;
}

std::int64_t number_of(const char* name) {
  std::int64_t number = 0;
  const char* c = name;
  for (; *c >= '0' && *c <= '9' && number < kFirstHashed; ++c) number = number * 10 + (*c - '0');
  return *c == 0 && c != name ? number : -1;
}

// /proc/<pid> and the like come first and in order, as the kernel has them.
std::uint32_t position_of(const char* name, bool numbers_first) {
  if (equal(name, ".")) return 1;
  if (equal(name, "..")) return 2;
  const auto number = numbers_first ? number_of(name) : -1;
  if (number >= 0 && number < kFirstHashed - 3) return 3 + static_cast<std::uint32_t>(number);
  std::uint64_t hash = mix64(world().config.seed + 0x9e3779b97f4a7c15u);
  for (const char* c = name; *c != 0; ++c) {
    hash = (hash ^ static_cast<unsigned char>(*c)) * 0x100000001b3u;
  }
  return kFirstHashed + static_cast<std::uint32_t>(mix64(hash) % (kPositions - kFirstHashed));
}

void add(List& l, const char* name, std::uint64_t inode, std::uint8_t type, bool numbers_first) {
  const auto bytes = strlen(name) + 1;
  if (l.count == kEntriesMax || l.names_used + bytes > sizeof l.names) {
    fatal("a directory has more than ", l.count, " entries");
  }
  memcpy(l.names + l.names_used, name, bytes);
  l.entries[l.count++] = {position_of(name, numbers_first),
                          static_cast<std::uint32_t>(l.names_used), inode, type};
  l.names_used += bytes;
}

int compare(const List& l, const Entry& a, const Entry& b) {
  if (a.position != b.position) return a.position < b.position ? -1 : 1;
  const char *left = l.names + a.name, *right = l.names + b.name;
  while (*left != 0 && *left == *right) ++left, ++right;
  return static_cast<unsigned char>(*left) - static_cast<unsigned char>(*right);
}

void sink(List& l, std::uint32_t at, std::uint32_t count) {
  for (;;) {
    auto child = 2 * at + 1;
    if (child >= count) return;
    if (child + 1 < count && compare(l, l.entries[child], l.entries[child + 1]) < 0) ++child;
    if (compare(l, l.entries[at], l.entries[child]) >= 0) return;
    const Entry swapped = l.entries[at];
    l.entries[at] = l.entries[child];
    l.entries[child] = swapped;
    at = child;
  }
}

void sort(List& l) {  // heapsort: no allocation, no bad case
  for (auto i = l.count / 2; i-- > 0;) sink(l, i, l.count);
  for (auto end = l.count; end > 1;) {
    --end;
    const Entry swapped = l.entries[0];
    l.entries[0] = l.entries[end];
    l.entries[end] = swapped;
    sink(l, 0, end);
  }
}

template <typename Number>
void add_number(List& l, Number number) {
  Text<24> name;
  name << number;
  add(l, name.data(), 0, kDirectoryType, true);
}

// The processes and tasks of the world in place of the kernel's.
void add_virtual(List& l, const ProcPath& directory) {
  auto& w = world();
  if (directory.kind == ProcPath::Kind::processes) {
    for (std::uint32_t i = 0; i < w.processes_used; ++i) {
      if (w.processes[i].state != ProcessState::unused) add_number(l, w.processes[i].pid);
    }
  } else if (directory.kind == ProcPath::Kind::tasks) {
    for_each_task(*directory.process, [&l](const Task& task) { add_number(l, task.tid); });
  } else if (directory.kind == ProcPath::Kind::sys) {
    for (std::uint32_t i = 0; i < w.config.cpus; ++i) {
      Text<24> name;
      name << "cpu" << i;
      add(l, name.data(), 0, kDirectoryType, false);
    }
  }
}

// Whether the kernel's entry is shown. `directory` is a place below /proc or /sys.
bool is_shown(const ProcPath& directory, const char* name) {
  using Kind = ProcPath::Kind;
  if (equal(name, ".") || equal(name, "..")) return true;
  const bool is_number = number_of(name) >= 0;
  if (is_number && (directory.kind == Kind::processes || directory.kind == Kind::tasks)) {
    return false;
  }
  Text<kPathMax + 256> text;
  text << directory.text << '/' << name;
  ProcPath path;
  parse_proc_path(text.data(), false, path);
  if (path.kind == Kind::missing) return false;
  return !equal(directory.rest, "devices/system/cpu") || !starts_with(name, "cpu") ||
         number_of(name + 3) < 0;
}

bool needs_filter(const ProcPath& directory) {
  using Kind = ProcPath::Kind;
  return directory.kind == Kind::processes || directory.kind == Kind::process ||
         directory.kind == Kind::tasks || directory.kind == Kind::task ||
         directory.kind == Kind::sys;
}

long read_all(int fd, const struct stat& status, List& l) {
  ProcPath directory;
  directory.kind = ProcPath::Kind::elsewhere;
  const bool is_proc = status.st_dev == proc_device();
  if (is_proc || status.st_dev == sys_device()) proc_path_of_descriptor(fd, directory);
  const bool filter = needs_filter(directory);
  l.count = 0;
  l.names_used = 0;
  const long rewound = raw(__NR_lseek, fd, 0, 0);
  if (rewound < 0) return rewound;
  alignas(8) char buffer[16 << 10];
  for (;;) {
    const long bytes = raw(__NR_getdents64, fd, buffer, sizeof buffer);
    if (bytes < 0) return bytes;
    if (bytes == 0) break;
    for (long at = 0; at < bytes;) {
      const auto* entry = reinterpret_cast<const KernelEntry*>(buffer + at);
      at += entry->bytes;
      if (filter && !is_shown(directory, entry->name)) continue;
      if (starts_with(entry->name, kViewPrefix)) continue;
      add(l, entry->name, entry->inode, entry->type, is_proc);
    }
  }
  const bool is_cpu_list =
      directory.kind == ProcPath::Kind::sys && equal(directory.rest, "devices/system/cpu");
  if (is_cpu_list || (filter && directory.kind != ProcPath::Kind::sys)) add_virtual(l, directory);
  sort(l);
  // Numbers are given in the order in which the target meets the names.
  for (std::uint32_t i = 0; i < l.count; ++i) {
    Entry& entry = l.entries[i];
    if (is_proc) {
      Text<kPathMax + 256> text;
      text << directory.text << '/' << (l.names + entry.name);
      entry.inode = proc_inode_number(text.data());
    } else if (entry.inode != 0) {
      entry.inode = shown_inode(status.st_dev, entry.inode);
    } else {
      entry.inode = proc_inode_number(l.names + entry.name);
    }
  }
  return 0;
}

// The list of the directory, sorted.
long load(int fd, const struct stat& status) {
  if (!set_up_list()) return -ENOMEM;
  List& l = list();
  const bool lasts = status.st_dev != proc_device();
  if (lasts && l.device == status.st_dev && l.number == status.st_ino &&
      l.changes == directory_changes() && l.count > 0) {
    return 0;
  }
  l.device = 0;
  if (const long error = read_all(fd, status, l)) return error;
  l.device = status.st_dev;
  l.number = status.st_ino;
  l.changes = directory_changes();
  return 0;
}

std::uint32_t first_behind(const List& l, std::uint64_t position) {
  std::uint32_t low = 0, high = l.count;
  while (low < high) {
    const auto middle = (low + high) / 2;
    if (l.entries[middle].position > position)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

struct Format {  // of the entries that the target gets
  bool is_old;   // struct linux_dirent: the type stands in the last byte
  std::size_t head() const { return is_old ? kEntryHead - 1 : kEntryHead; }
  std::size_t size(const char* name) const {
    return (head() + strlen(name) + 1 + (is_old ? 1 : 0) + 7) & ~std::size_t{7};
  }
};

bool put_entry(const List& l, const Entry& entry, Format format, char* to) {
  alignas(8) char text[kEntryHead + 256 + 16] = {};
  const char* name = l.names + entry.name;
  const auto size = format.size(name);
  auto* out = reinterpret_cast<KernelEntry*>(text);
  out->inode = entry.inode;
  out->offset = entry.position;
  out->bytes = static_cast<std::uint16_t>(size);
  if (!format.is_old) out->type = entry.type;
  memcpy(text + format.head(), name, strlen(name) + 1);
  if (format.is_old) text[size - 1] = static_cast<char>(entry.type);
  return copy_to_user(to, text, size);
}

long give(int fd, const List& l, std::uint64_t position, char* buffer, std::size_t bytes,
          Format format) {
  std::size_t used = 0;
  auto reached = position;
  for (auto i = first_behind(l, position); i < l.count;) {
    auto end = i;
    std::size_t group = 0;  // those that share a position
    while (end < l.count && l.entries[end].position == l.entries[i].position) {
      group += format.size(l.names + l.entries[end++].name);
    }
    if (used + group > bytes) {
      if (used == 0) return -EINVAL;
      break;
    }
    for (; i < end; ++i) {
      if (!put_entry(l, l.entries[i], format, buffer + used)) return -EFAULT;
      used += format.size(l.names + l.entries[i].name);
      reached = l.entries[i].position;
    }
  }
  const long result = raw(__NR_lseek, fd, reached, 0);
  return result < 0 ? result : static_cast<long>(used);
}

long read_directory(int fd, char* buffer, std::size_t bytes, Format format) {
  struct stat status;
  const long known = raw(__NR_fstat, fd, &status);
  if (known != 0) return known;
  if (!S_ISDIR(status.st_mode)) return -ENOTDIR;
  const long position = raw(__NR_lseek, fd, 0, 1);
  if (position < 0) return position;
  const long error = load(fd, status);
  if (error != 0) {
    raw(__NR_lseek, fd, position, 0);
    return error;
  }
  const long result = give(fd, list(), static_cast<std::uint64_t>(position), buffer, bytes, format);
  if (result < 0) raw(__NR_lseek, fd, position, 0);
  return result;
}

}  // namespace

namespace model {

long getdents64(int fd, char* buffer, unsigned bytes) {
  return read_directory(fd, buffer, bytes, {.is_old = false});
}

long getdents(int fd, char* buffer, unsigned bytes) {
  return read_directory(fd, buffer, bytes, {.is_old = true});
}

}  // namespace model
}  // namespace detsim
