#include "interpose/entry/park_files.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/ioctls.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/inodes.hpp"
#include "scheduler/limits.hpp"

namespace detsim {
namespace {

constexpr int kFilesMax = 64, kDescriptorsLookedAt = 1024;
constexpr unsigned kPathBytes = 256;
constexpr int kNobody = -1;

struct OpenFile {
  int fd;
  int like;  // index of an earlier one that is the same open file
  bool closes_on_exec, is_pipe;
  long flags, offset;
  long bytes;  // pipe: how many it holds at most
  std::uint64_t device, number;
  char path[kPathBytes];  // a file of the view
};

// Private to the process, as it was when it parked.
OpenFile files[kFilesMax];
int file_count;

// The launcher puts back their contents and offsets.
bool is_output_of_run(const struct stat& status) {
  for (const auto& output : run_limits().outputs) {
    if (output.inode == status.st_ino && output.device == status.st_dev) return true;
  }
  return false;
}

bool is_outside_pipe(const struct stat& status) {
  const auto id = find_object(status.st_dev, status.st_ino);
  return id != kNoObject && object_of(id).external;
}

bool is_of_view(const struct stat& status) {
  const auto device = park_control().view_device;
  return device != 0 && status.st_dev == device;
}

// Two descriptors of one open file move together.
bool share_offset(const OpenFile& a, const OpenFile& b) {
  if (a.offset != b.offset || a.offset < 0) return false;
  raw(__NR_lseek, a.fd, a.offset + 1, SEEK_SET);
  const bool moved = raw(__NR_lseek, b.fd, 0, SEEK_CUR) == a.offset + 1;
  raw(__NR_lseek, a.fd, a.offset, SEEK_SET);
  return moved;
}

int find_like(const OpenFile& file) {
  for (int i = 0; i < file_count; ++i) {
    const auto& other = files[i];
    const bool is_same = other.device == file.device && other.number == file.number &&
                         other.is_pipe == file.is_pipe && other.like == kNobody &&
                         (other.flags & O_ACCMODE) == (file.flags & O_ACCMODE);
    if (is_same && (file.is_pipe || share_offset(other, file))) return i;
  }
  return kNobody;
}

Hindrance note_pipe(OpenFile& file) {
  int waiting = 0;
  raw(__NR_ioctl, file.fd, FIONREAD, &waiting);
  file.bytes = raw(__NR_fcntl, file.fd, F_GETPIPE_SZ);
  return waiting == 0 ? Hindrance::none : Hindrance::pipe_with_data;
}

Hindrance note_file_of_view(OpenFile& file, const struct stat& status) {
  if (status.st_nlink == 0) return Hindrance::nameless_file;
  Text<32> link;
  link << "/proc/self/fd/" << file.fd;
  const long length = raw(__NR_readlink, link.data(), file.path, kPathBytes);
  if (length <= 0 || length == kPathBytes) return Hindrance::nameless_file;
  file.path[length] = 0;
  return Hindrance::none;
}

Hindrance note(int fd, long own_flags, const struct stat& status) {
  if (file_count == kFilesMax) return Hindrance::many_files;
  auto& file = files[file_count];
  file = {.fd = fd,
          .like = kNobody,
          .closes_on_exec = (own_flags & FD_CLOEXEC) != 0,
          .is_pipe = S_ISFIFO(status.st_mode),
          .flags = raw(__NR_fcntl, fd, F_GETFL),
          .offset = raw(__NR_lseek, fd, 0, SEEK_CUR),
          .bytes = 0,
          .device = status.st_dev,
          .number = status.st_ino,
          .path = {}};
  file.like = find_like(file);
  ++file_count;
  if (file.is_pipe) return note_pipe(file);
  return is_of_view(status) ? note_file_of_view(file, status) : Hindrance::none;
}

void become(const OpenFile& file, long fd) {
  raw(__NR_dup3, fd, file.fd, file.closes_on_exec ? O_CLOEXEC : 0);
}

void rename(std::uint64_t device, std::uint64_t was, std::uint64_t is) {
  rename_object(device, was, is);
  rename_inode(device, was, is);
}

// Both ends, or the one that is left: when nobody has the other one, nobody shall.
void make_pipe_anew(const OpenFile& file) {
  int ends[2];
  if (raw(__NR_pipe2, ends, O_CLOEXEC | (file.flags & O_DIRECT)) != 0) fatal("cannot make a pipe");
  raw(__NR_fcntl, ends[0], F_SETPIPE_SZ, file.bytes);
  struct stat status;
  raw(__NR_fstat, ends[0], &status);
  for (int i = 0; i < file_count; ++i) {
    const auto& each = files[i];
    if (!each.is_pipe || each.device != file.device || each.number != file.number) continue;
    const int end = ends[(each.flags & O_ACCMODE) == O_WRONLY ? 1 : 0];
    if (each.like == kNobody) raw(__NR_fcntl, end, F_SETFL, each.flags);
    become(each, end);
  }
  for (const int end : ends) raw(__NR_close, end);
  rename(file.device, file.number, status.st_ino);
}

bool is_replaced(const OpenFile& file) {
  const auto& control = park_control();
  for (std::uint32_t i = 0; i < control.replaced_used; ++i) {
    if (control.replaced[i].was == file.number && control.replaced[i].device == file.device)
      return true;
  }
  return false;
}

// A file that is opened anew has its own offset.
void open_anew(const OpenFile& file) {
  Text<32> link;
  link << "/proc/self/fd/" << file.fd;
  const char* path = is_replaced(file) ? file.path : link.data();
  const long fd = raw(__NR_open, path, (file.flags & ~(O_CREAT | O_EXCL)) | O_CLOEXEC);
  if (fd < 0) fatal("cannot open the file behind descriptor ", file.fd, " anew: error ", -fd);
  if (file.offset > 0) raw(__NR_lseek, fd, file.offset, SEEK_SET);
  become(file, fd);
  raw(__NR_close, fd);
}

// The pipe of an earlier descriptor was made together with that of this one.
bool is_first_of_pipe(int index) {
  for (int i = 0; i < index; ++i) {
    const auto& other = files[i];
    if (other.is_pipe && other.device == files[index].device &&
        other.number == files[index].number) {
      return false;
    }
  }
  return true;
}

}  // namespace

Hindrance note_open_files() {
  file_count = 0;
  auto hindrance = Hindrance::none;
  for (int fd = 0; fd < kDescriptorsLookedAt && hindrance == Hindrance::none; ++fd) {
    const long own_flags = raw(__NR_fcntl, fd, F_GETFD);
    struct stat status;
    if (own_flags < 0 || raw(__NR_fstat, fd, &status) != 0) continue;
    const bool is_pipe = S_ISFIFO(status.st_mode) && !is_outside_pipe(status);
    if (!is_pipe && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) continue;
    if (!is_output_of_run(status)) hindrance = note(fd, own_flags, status);
  }
  return hindrance;
}

void open_files_anew() {
  const auto& control = park_control();
  for (int i = 0; i < file_count; ++i) {
    const auto& file = files[i];
    if (file.is_pipe) {
      if (is_first_of_pipe(i)) make_pipe_anew(file);
    } else if (file.like == kNobody) {
      open_anew(file);
    } else {
      become(file, files[file.like].fd);
    }
  }
  for (std::uint32_t i = 0; i < control.replaced_used; ++i) {
    const auto& file = control.replaced[i];
    rename(file.device, file.was, file.is);
  }
}

bool is_own_pipe(int fd) {
  struct stat status;
  if (raw(__NR_fstat, fd, &status) != 0) return false;
  return S_ISFIFO(status.st_mode) && !is_outside_pipe(status);
}

bool is_file_of_view(int fd) {
  struct stat status;
  if (raw(__NR_fstat, fd, &status) != 0 || !is_of_view(status)) return false;
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

}  // namespace detsim
