#include "interpose/faults/points.hpp"

#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/mman.h>

#include "interpose/base/user.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/memory.hpp"
#include "interpose/disk/over_disk.hpp"
#include "interpose/faults/paths.hpp"

namespace detsim {
namespace {

constexpr std::uint8_t kStream = 1;  // SOCK_STREAM

template <typename... Each>
constexpr OpSet ops_of(Each... each) {
  return bit_of(Op::any) | (bit_of(each) | ...);
}

struct Table {
  Point rows[kCallsMax];
};

constexpr Table make_table() {
  using enum Op;
  Table table{};
#define POINT(name, target, extent, operations) \
  table.rows[__NR_##name] = {ops_of operations, Target::target, Extent::extent};
#include "interpose/faults/points.def"
#undef POINT
  return table;
}

constexpr Table kTable = make_table();
constexpr Point kAny{};

Subject subject_of(Descriptor descriptor) {
  switch (descriptor.kind) {
    case DescriptorKind::regular: return Subject::file;
    case DescriptorKind::directory: return Subject::directory;
    case DescriptorKind::pipe: return Subject::pipe;
    case DescriptorKind::terminal: return Subject::terminal;
    case DescriptorKind::socket:
      return object_of(descriptor.object).type == kStream ? Subject::stream : Subject::datagram;
    default: return Subject::other;
  }
}

bool is_path(Target target) {
  return target == Target::path || target == Target::at || target == Target::link_at ||
         target == Target::paths || target == Target::paths_at;
}

int descriptor_argument(const Point& point, const Frame& f) {
  switch (point.target) {
    case Target::fd: return static_cast<int>(f.rdi);
    case Target::fd_out: return static_cast<int>(f.rdx);
    case Target::fd_map: return (f.r10 & MAP_ANONYMOUS) != 0 ? -1 : static_cast<int>(f.r8);
    default: return -1;
  }
}

OpSet ops_of_open(std::uint64_t flags) { return (flags & O_CREAT) != 0 ? bit_of(Op::create) : 0; }

OpSet ops_of_clone(std::uint64_t flags) {
  return bit_of((flags & CLONE_THREAD) != 0 ? Op::thread : Op::fork);
}

OpSet ops_of_fcntl(std::uint64_t command) {
  if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) return bit_of(Op::descriptor);
  return command == F_SETLKW || command == F_OFD_SETLKW ? bit_of(Op::wait) : 0;
}

OpSet ops_of_futex(std::uint64_t operation) {
  const auto command = operation & FUTEX_CMD_MASK;
  return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET ? bit_of(Op::wait) : 0;
}

OpSet ops_of_connect(const Frame& f) {
  constexpr std::uint16_t kDomainPort = 53;
  std::uint8_t name[4];
  if (f.rdx < sizeof name || !get_user(name, reinterpret_cast<const void*>(f.rsi))) return 0;
  const bool is_inet = name[0] == 2 /* AF_INET */ || name[0] == 10 /* AF_INET6 */;
  return is_inet && (name[2] << 8 | name[3]) == kDomainPort ? bit_of(Op::look_up) : 0;
}

// What only the arguments tell.
OpSet more_ops(const Frame& f) {
  switch (f.number) {
    case __NR_open: return ops_of_open(f.rsi);
    case __NR_openat: return ops_of_open(f.rdx);
    case __NR_openat2: {
      open_how how;
      return get_user(how, reinterpret_cast<const void*>(f.rdx)) ? ops_of_open(how.flags) : 0;
    }
    case __NR_clone: return ops_of_clone(f.rdi);
    case __NR_clone3: {
      std::uint64_t flags;
      return get_user(flags, reinterpret_cast<const void*>(f.rdi)) ? ops_of_clone(flags) : 0;
    }
    case __NR_fcntl: return ops_of_fcntl(f.rsi);
    case __NR_flock: return (f.rsi & 4 /* LOCK_NB */) == 0 ? bit_of(Op::wait) : 0;
    case __NR_futex: return ops_of_futex(f.rsi);
    case __NR_connect: return ops_of_connect(f);
    default: return 0;
  }
}

// write(2) on a socket is a send; what is read from a file may be out of date.
OpSet ops_of_subject(OpSet ops, Subject subject) {
  if (subject == Subject::file && (ops & bit_of(Op::read)) != 0) return bit_of(Op::stale);
  if (subject != Subject::stream && subject != Subject::datagram) return 0;
  OpSet more = 0;
  if ((ops & bit_of(Op::read)) != 0) more |= bit_of(Op::receive);
  if ((ops & bit_of(Op::write)) != 0) more |= bit_of(Op::send);
  return more;
}

// The first file whose pages msync is to write.
Inode* file_to_sync(const Frame& f) {
  SharedFile part;
  auto at = f.rdi;
  if ((f.rdx & MS_SYNC) == 0 || !next_shared_file(at, f.rdi + f.rsi, part)) return nullptr;
  return find_inode(part.device, part.number);
}

// The paths of the call that asked last. Big, so they do not lie on the stack, where every call
// under a plan would pay for them; another task's call may come in between, and then they are found
// once more.
struct FoundPaths {
  std::uint64_t entered;  // World::entered of that call, which has no other
  char path[kPathMax];
  char other_path[kPathMax];
};
FoundPaths found;

// What more_ops may say of a call.
OpSet more_possible_ops(std::uint64_t number) {
  switch (number) {
    case __NR_open:
    case __NR_openat:
    case __NR_openat2: return bit_of(Op::create);
    case __NR_clone:
    case __NR_clone3: return bit_of(Op::thread) | bit_of(Op::fork);
    case __NR_fcntl: return bit_of(Op::descriptor) | bit_of(Op::wait);
    case __NR_flock:
    case __NR_futex: return bit_of(Op::wait);
    case __NR_connect: return bit_of(Op::look_up);
    default: return 0;
  }
}

}  // namespace

OpSet possible_ops(std::uint64_t number) {
  OpSet ops = point_of(number).ops | more_possible_ops(number);
  for (unsigned i = 0; i < kSubjects; ++i) ops |= ops_of_subject(ops, static_cast<Subject>(i));
  // The hosts file: see opens_hosts_file().
  if ((ops & bit_of(Op::open)) != 0) ops |= bit_of(Op::look_up);
  return ops;
}

bool depends_on_arguments(std::uint64_t number) { return more_possible_ops(number) != 0; }

const Point& point_of(std::uint64_t number) {
  return number < kCallsMax ? kTable.rows[number] : kAny;
}

Moment::Moment(const Call& call_made, Frame& registers)
    : call(call_made),
      frame(registers),
      point(point_of(registers.number)),
      ops(point.ops | more_ops(registers)),
      entered_(world().entered) {
  if (is_path(point.target)) subject = Subject::file;
  if (point.target == Target::mapping) {
    file = file_to_sync(frame);
    if (file != nullptr) subject = Subject::file;
  }
  fd = descriptor_argument(point, frame);
  if (fd >= 0) {
    descriptor = look_up(fd);
    file = file_behind(descriptor);
    if (descriptor.kind != DescriptorKind::unknown) subject = subject_of(descriptor);
    ops |= ops_of_subject(ops, subject);
  }
}

const char* Moment::path() {
  find_paths();
  return found.path;
}

const char* Moment::other_path() {
  find_paths();
  return found.other_path;
}

void Moment::find_paths() {
  if (found.entered == entered_) return;
  found.entered = entered_;
  auto& path = found.path;
  auto& other_path = found.other_path;
  path[0] = other_path[0] = 0;
  const auto& f = frame;
  switch (point.target) {
    case Target::nothing: return;
    case Target::fd:
    case Target::fd_out:
    case Target::fd_map:
      if (fd >= 0) path_of_target_descriptor(fd, path);
      if (f.number == __NR_copy_file_range || f.number == __NR_splice) {
        path_of_target_descriptor(static_cast<int>(f.rdi), other_path);
      } else if (f.number == __NR_sendfile) {
        path_of_target_descriptor(static_cast<int>(f.rsi), other_path);
      }
      return;
    case Target::mapping: return path_of_mapping(f.rdi, f.rdi + f.rsi, path);
    case Target::path: return full_path(AT_FDCWD, f.rdi, path);
    case Target::at: return full_path(static_cast<int>(f.rdi), f.rsi, path);
    case Target::link_at: return full_path(static_cast<int>(f.rsi), f.rdx, path);
    case Target::paths:
      full_path(AT_FDCWD, f.rdi, other_path);
      return full_path(AT_FDCWD, f.rsi, path);
    case Target::paths_at:
      full_path(static_cast<int>(f.rdi), f.rsi, other_path);
      return full_path(static_cast<int>(f.rdx), f.r10, path);
  }
}

void Moment::carry_out() {
  result = detsim::carry_out(call, frame);
  answered = true;
}

void Moment::fail(int number) {
  error = number;
  result = -number;
  answered = true;
}

}  // namespace detsim
