// What changes of names do to the times of files and directories.
#pragma once
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>

namespace detsim {

/// The directory in which the path's last component lies was changed now. `path` is as the kernel
/// was given it.
void touch_parent(int directory, const char* path);
/// A socket was bound to a name: a path as it stands in struct sockaddr_un, if it begins with one.
void socket_file_made(const char* user_path, std::size_t bytes);
/// The run wrote into the file: its times are now. A descriptor of anything else is ignored.
void file_written(int fd);

}  // namespace detsim
