// Identity and times of files as the target sees them.
//
// The kernel's inode numbers depend on the history of the file system, and its times on the wall
// clock. The world has a record of each file that the target looked at: a number, counted in order
// of first appearance, and the (virtual) times of what the run did to it. The record is found by
// the real device and inode number, which are compared and never shown.
//
// A file that is made gets a fresh record even if one is there: the kernel uses the numbers of
// deleted files again. So whatever makes a file must say so: file_made().
#pragma once
#include <sys/stat.h>

#include <cstdint>

namespace detsim {

struct FileTime {
  std::int64_t s = 0;
  std::uint32_t ns = 0;
};

enum FileTimes : std::uint8_t {
  access_time = 1,
  modification_time = 2,
  change_time = 4,
  birth_time = 8
};
constexpr auto kAllTimes =
    static_cast<FileTimes>(access_time | modification_time | change_time | birth_time);
constexpr auto kWrittenTimes = static_cast<FileTimes>(modification_time | change_time);

struct Inode {
  std::uint64_t device = 0, number = 0;  // real
  std::uint64_t shown = 0;               // the number that the target sees
  FileTime accessed, modified, changed, born;
  std::uint8_t own_times = 0;  // FileTimes that the run gave; the others are the file's
  bool generated = false;      // a file of /proc that the shim wrote: see procfs.hpp
  std::uint16_t mode = 0;      // generated: as it shows
  std::uint32_t subject = 0;   // generated: what it shows, see procfs.hpp
  std::int32_t task = 0;       // generated: of which task (tid), 0: of none
  std::uint32_t next = 0;      // in its bucket: index + 1
};

/// The record of a file, made when there is none.
Inode& inode_of(std::uint64_t device, std::uint64_t number);
/// The record if there is one, else nullptr.
Inode* find_inode(std::uint64_t device, std::uint64_t number);
/// Records have numbers from 1 on, of 24 bits.
std::uint32_t index_of(const Inode& inode);
Inode& inode_at(std::uint32_t index);
/// A file came into being now, by the run.
Inode& file_made(const struct stat& real);
/// There is no such file any more: the record stays, and is nobody's.
void forget_file(std::uint64_t device, std::uint64_t number);
/// The file has another number now: the record is found by that.
void rename_inode(std::uint64_t device, std::uint64_t was, std::uint64_t is);
/// These times of the file are now.
void touch_file(const struct stat& real, FileTimes which);
void touch_file(Inode& inode, FileTimes which);

/// The wall clock as files see it: one for all processes.
FileTime file_clock();
/// The time that a file from before the run shows, given the one that it has; and the time to give
/// it so that it shows that one in a later run.
FileTime shown_time(FileTime real);
FileTime real_time(FileTime shown);

/// Grows with every change of a directory by the run.
std::uint64_t& directory_changes();

/// Device numbers of /proc and of /sys.
std::uint64_t proc_device();
std::uint64_t sys_device();

/// Turns what the kernel said into what the target sees. `proc_number` is the number to show for
/// a file of /proc: proc_inode_number() of its path.
void show_status(struct stat& status, std::uint64_t proc_number);
void show_status(struct statx& status, std::uint64_t proc_number);
/// The number of a file that is no file of /proc.
std::uint64_t shown_inode(std::uint64_t device, std::uint64_t number);
/// A file of /proc is identified by its virtual path.
std::uint64_t proc_inode_number(const char* virtual_path);

}  // namespace detsim
