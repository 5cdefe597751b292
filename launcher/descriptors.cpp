#include "launcher/descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace detsim {

int nameless_file(const std::string& directory) {
  const int fd = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  auto path = directory + "/file-XXXXXX";
  const int named = mkostemp(path.data(), O_CLOEXEC);
  if (named >= 0) unlink(path.c_str());
  return named;
}

bool write_all(int fd, const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const auto done = write(fd, data, bytes);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    data += done;
    bytes -= static_cast<std::size_t>(done);
  }
  return true;
}

void block_signals_here() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace detsim
