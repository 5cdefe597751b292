#include "launcher/whole_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace detsim {

std::optional<std::string> whole_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string text;
  ssize_t got = 1;
  while (got != 0) {
    char piece[65536];
    got = read(fd, piece, sizeof piece);
    if (got < 0 && errno != EINTR) break;
    if (got > 0) text.append(piece, static_cast<std::size_t>(got));
  }
  const int error = errno;
  close(fd);
  errno = error;
  return got < 0 ? std::nullopt : std::optional(std::move(text));
}

}  // namespace detsim
