#include "interpose/calls/inodes.hpp"

#include <linux/stat.h>
#include <sys/sysmacros.h>

#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/disk/nodes.hpp"
#include "scheduler/invariant.hpp"
#include "scheduler/world.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t kInodesMax = (16 << 20) - 1;
constexpr std::uint32_t kBuckets = 1 << 20;
constexpr std::uint64_t kFirstNumber = 100'000;  // numbers from here on are files'

struct InodeState {
  std::uint64_t proc_device, sys_device, next_number, directory_changes;
  std::uint32_t used;
  std::uint32_t buckets[kBuckets];  // index + 1
  Inode inodes[kInodesMax];
};
static_assert(kWorldInodes + sizeof(InodeState) <= kWorldSites);

InodeState& state() { return *reinterpret_cast<InodeState*>(kWorldInodes); }

std::uint32_t& bucket_of(std::uint64_t device, std::uint64_t number) {
  return state().buckets[mix64(number + device * 0x9e3779b97f4a7c15u) % kBuckets];
}

// a * b / divisor, where the result fits.
std::uint64_t scale(std::uint64_t a, std::uint64_t b, std::uint64_t divisor) {
  std::uint64_t low, high, quotient, remainder;
  __asm__("mulq %3" : "=a"(low), "=d"(high) : "a"(a), "r"(b) : "cc");
  DETSIM_INVARIANT(high < divisor);
  __asm__("divq %4" : "=a"(quotient), "=d"(remainder) : "a"(low), "d"(high), "r"(divisor) : "cc");
  return quotient;
}

// Times in nanoseconds reach to the year 2262; later ones are no later.
constexpr std::int64_t kLatest_s = 9'000'000'000;
constexpr std::uint64_t kYearNs = 31'557'600'000'000'000;

FileTime from_ns(std::uint64_t ns) {
  return {static_cast<std::int64_t>(ns / 1'000'000'000),
          static_cast<std::uint32_t>(ns % 1'000'000'000)};
}
std::uint64_t to_ns(FileTime time) {
  const auto s = time.s < kLatest_s ? time.s : kLatest_s;
  return static_cast<std::uint64_t>(s) * 1'000'000'000 + time.ns;
}

struct Shown {
  std::uint64_t number;
  FileTime accessed, modified, changed, born;
};

Shown show(std::uint64_t device, std::uint64_t number, std::uint32_t mode, const Shown& real,
           std::uint64_t proc_number) {
  const FileTime boot = from_ns(world().config.epoch_ns);
  if (device == proc_device()) {
    // By way of a link from elsewhere the path is not known.
    return {proc_number != 0 ? proc_number : 1, boot, boot, boot, boot};
  }
  const Inode& inode = inode_of(device, number);
  Shown result{inode.shown, inode.accessed, inode.modified, inode.changed, inode.born};
  const auto type = mode & S_IFMT;
  // What has no times of its own, or such as show the machine's doings.
  const bool timeless =
      (type != S_IFREG && type != S_IFDIR && type != S_IFLNK) || device == sys_device();
  // That the run's own copy of a directory was made for it must not show.
  const auto is_copied = [](FileTime time) {
    return to_ns(time) >= world().config.view_made_real_ns;
  };
  // When it was written before the run; not known any more of what the run wrote.
  const bool is_known = (inode.own_times & modification_time) == 0 && !is_copied(real.modified);
  const FileTime written = is_known ? shown_time(real.modified) : boot;
  const auto choose = [&](FileTimes which, FileTime& time, FileTime before) {
    if ((inode.own_times & which) != 0) return;
    time = timeless ? boot : is_copied(before) ? written : shown_time(before);
  };
  if ((inode.own_times & access_time) == 0) result.accessed = timeless ? boot : written;
  if ((inode.own_times & modification_time) == 0) result.modified = timeless ? boot : written;
  choose(change_time, result.changed, real.changed);
  choose(birth_time, result.born, real.born);
  return result;
}

FileTime time_from(const timespec& t) { return {t.tv_sec, static_cast<std::uint32_t>(t.tv_nsec)}; }
FileTime time_from(const statx_timestamp& t) { return {t.tv_sec, t.tv_nsec}; }
timespec timespec_from(FileTime t) { return {t.s, static_cast<long>(t.ns)}; }
statx_timestamp statx_time_from(FileTime t) {
  statx_timestamp result{};
  result.tv_sec = t.s;
  result.tv_nsec = t.ns;
  return result;
}

// The shim's own memory files stand for files of /proc.
const Inode* find_generated(std::uint64_t device, std::uint64_t number) {
  const Inode* inode = find_inode(device, number);
  return inode != nullptr && inode->generated ? inode : nullptr;
}

// Asked for once; ~0: there is none.
std::uint64_t device_at(const char* path, std::uint64_t& device) {
  struct stat status;
  if (device == 0) device = raw(__NR_stat, path, &status) == 0 ? status.st_dev : ~0ull;
  return device;
}

Inode& fresh(Inode& inode, std::uint64_t device, std::uint64_t number) {
  auto& s = state();
  const auto next = inode.next;
  inode = {};
  inode.device = device;
  inode.number = number;
  inode.next = next;
  inode.shown = kFirstNumber + s.next_number++;
  return inode;
}

}  // namespace

Inode* find_inode(std::uint64_t device, std::uint64_t number) {
  auto& s = state();
  for (auto index = bucket_of(device, number); index != 0; index = s.inodes[index - 1].next) {
    Inode& inode = s.inodes[index - 1];
    if (inode.number == number && inode.device == device) return &inode;
  }
  return nullptr;
}

Inode& inode_of(std::uint64_t device, std::uint64_t number) {
  if (Inode* known = find_inode(device, number)) return *known;
  auto& s = state();
  if (s.used == kInodesMax) fatal("the run looked at more than ", kInodesMax, " files");
  Inode& inode = s.inodes[s.used++];
  auto& bucket = bucket_of(device, number);
  inode.next = bucket;
  bucket = s.used;
  return fresh(inode, device, number);
}

void forget_file(std::uint64_t device, std::uint64_t number) {
  if (Inode* inode = find_inode(device, number)) inode->device = ~0ull;
}

void rename_inode(std::uint64_t device, std::uint64_t was, std::uint64_t is) {
  Inode* const inode = find_inode(device, was);
  if (inode == nullptr) return;
  const auto index = index_of(*inode);
  auto* link = &bucket_of(device, was);
  while (*link != index) link = &inode_at(*link).next;
  *link = inode->next;
  inode->number = is;
  auto& bucket = bucket_of(device, is);
  inode->next = bucket;
  bucket = index;
}

std::uint32_t index_of(const Inode& inode) {
  return static_cast<std::uint32_t>(&inode - state().inodes) + 1;
}

Inode& inode_at(std::uint32_t index) { return state().inodes[index - 1]; }

Inode& file_made(const struct stat& real) {
  Inode* known = find_inode(real.st_dev, real.st_ino);
  Inode& inode = known != nullptr ? fresh(*known, real.st_dev, real.st_ino)
                                  : inode_of(real.st_dev, real.st_ino);
  touch_file(inode, kAllTimes);
  return inode;
}

void touch_file(Inode& inode, FileTimes which) {
  const auto now = file_clock();
  inode.own_times |= which;
  if ((which & access_time) != 0) inode.accessed = now;
  if ((which & modification_time) != 0) inode.modified = now;
  if ((which & change_time) != 0) inode.changed = now;
  if ((which & birth_time) != 0) inode.born = now;
}

void touch_file(const struct stat& real, FileTimes which) {
  touch_file(inode_of(real.st_dev, real.st_ino), which);
}

FileTime file_clock() { return from_ns(world().config.epoch_ns + world().scheduler.now_ns); }

// With t counted from two years before the epoch E, and Y a year: E - Y + (Y - Y * Y / t) for t
// from Y on. It begins with slope 1 at E - Y and never reaches E.
FileTime shown_time(FileTime real) {
  const auto epoch = world().config.epoch_ns;
  if (epoch < 2 * kYearNs || real.s < 0 || to_ns(real) <= epoch - kYearNs) return real;
  const auto t = to_ns(real) - (epoch - 2 * kYearNs);
  return from_ns(epoch - scale(kYearNs, kYearNs, t));
}

FileTime real_time(FileTime shown) {
  const auto epoch = world().config.epoch_ns;
  if (epoch < 2 * kYearNs || shown.s < 0) return shown;
  const auto ns = to_ns(shown);
  if (ns <= epoch - kYearNs || ns >= epoch) return shown;
  const auto before_epoch = epoch - ns;
  if (before_epoch < kYearNs / 256) return shown;  // stands for a time centuries ahead
  return from_ns(epoch - 2 * kYearNs + scale(kYearNs, kYearNs, before_epoch));
}

std::uint64_t& directory_changes() { return state().directory_changes; }

std::uint64_t proc_device() { return device_at("/proc/self", state().proc_device); }
std::uint64_t sys_device() { return device_at("/sys", state().sys_device); }

// A removed file that is kept for the case of a loss of power, or a mapped one, has a name more
// than the target knows.
static std::uint32_t names_in_graves(std::uint64_t device, std::uint64_t number) {
  if (!has_disk()) return 0;
  const auto* node = find_node(disk_state(), device, number);
  return node != nullptr && (node->in_grave || node->is_mapped) ? 1 : 0;
}

// Its size tells the file system, and what once was in it; in a copy that lies in memory it would
// be another one.
constexpr int kDirectoryBytes = 4096;

static bool is_plain_directory(std::uint32_t mode, std::uint64_t device) {
  return (mode & S_IFMT) == S_IFDIR && device != proc_device() && device != sys_device();
}

void show_status(struct stat& status, std::uint64_t proc_number) {
  status.st_nlink -= names_in_graves(status.st_dev, status.st_ino);
  if (const Inode* inode = find_generated(status.st_dev, status.st_ino)) {
    status.st_dev = proc_device();
    status.st_mode = S_IFREG | inode->mode;
    status.st_nlink = 1;
    status.st_size = status.st_blocks = 0;
    status.st_blksize = 1024;
    proc_number = inode->shown;
  }
  const Shown real{0, time_from(status.st_atim), time_from(status.st_mtim),
                   time_from(status.st_ctim), time_from(status.st_ctim)};
  const auto shown = show(status.st_dev, status.st_ino, status.st_mode, real, proc_number);
  if (is_plain_directory(status.st_mode, status.st_dev)) {
    status.st_size = kDirectoryBytes;
    status.st_blocks = kDirectoryBytes / 512;
  }
  status.st_ino = shown.number;
  status.st_atim = timespec_from(shown.accessed);
  status.st_mtim = timespec_from(shown.modified);
  status.st_ctim = timespec_from(shown.changed);
}

void show_status(struct statx& status, std::uint64_t proc_number) {
  const auto device = makedev(status.stx_dev_major, status.stx_dev_minor);
  status.stx_nlink -= names_in_graves(device, status.stx_ino);
  if (const Inode* inode = find_generated(device, status.stx_ino)) {
    status.stx_dev_major = major(proc_device());
    status.stx_dev_minor = minor(proc_device());
    status.stx_mode = S_IFREG | inode->mode;
    status.stx_nlink = 1;
    status.stx_size = status.stx_blocks = 0;
    status.stx_blksize = 1024;
    proc_number = inode->shown;
  }
  const Shown real{0, time_from(status.stx_atime), time_from(status.stx_mtime),
                   time_from(status.stx_ctime), time_from(status.stx_btime)};
  const auto shown = show(makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino,
                          status.stx_mode, real, proc_number);
  if (is_plain_directory(status.stx_mode, device)) {
    status.stx_size = kDirectoryBytes;
    status.stx_blocks = kDirectoryBytes / 512;
  }
  status.stx_ino = shown.number;
  status.stx_atime = statx_time_from(shown.accessed);
  status.stx_mtime = statx_time_from(shown.modified);
  status.stx_ctime = statx_time_from(shown.changed);
  status.stx_btime = statx_time_from(shown.born);
}

std::uint64_t shown_inode(std::uint64_t device, std::uint64_t number) {
  return inode_of(device, number).shown;
}

std::uint64_t proc_inode_number(const char* virtual_path) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const char* c = virtual_path; *c != 0; ++c) {
    hash = (hash ^ static_cast<unsigned char>(*c)) * 0x100000001b3u;
  }
  return (mix64(hash) & 0x7fffffff) | 0x80000000;
}

}  // namespace detsim
