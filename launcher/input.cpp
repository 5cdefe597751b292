#include "launcher/input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "launcher/descriptors.hpp"

namespace detsim {

RepeatedInput::RepeatedInput(const std::string& directory) : directory_(directory) {
  struct stat status {};
  if (fstat(0, &status) != 0) {
    kind_ = Kind::closed;
  } else if (S_ISREG(status.st_mode)) {
    kind_ = Kind::file;
    start_ = lseek(0, 0, SEEK_CUR);
  } else if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)) {
    kind_ = Kind::pipe;
  } else if (isatty(0) != 0) {
    kind_ = Kind::nothing;
  } else {
    kind_ = Kind::shared;  // such as /dev/null
  }
}

RepeatedInput::~RepeatedInput() {
  end();
  if (copy_ >= 0) close(copy_);
}

int RepeatedInput::begin(std::string& problem) {
  given_ = -1;
  if (kind_ == Kind::closed || kind_ == Kind::shared) return 0;
  if (kind_ == Kind::nothing) given_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (kind_ == Kind::file) {
    given_ = open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC);
    if (given_ >= 0) lseek(given_, start_, SEEK_SET);
  }
  if (kind_ == Kind::pipe) {
    int ends[2] = {-1, -1};
    if (copy_ < 0) copy_ = nameless_file(directory_);
    stop_ = eventfd(0, EFD_CLOEXEC);
    if (copy_ >= 0 && stop_ >= 0 && pipe2(ends, O_CLOEXEC) == 0) {
      given_ = ends[0];
      write_end_ = ends[1];
      fcntl(write_end_, F_SETFL, O_NONBLOCK);
      thread_ = std::thread([this] { pass_on(); });
    }
  }
  if (given_ < 0) problem = fmt::format("cannot repeat standard input: {}", std::strerror(errno));
  return given_;
}

void RepeatedInput::end() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    write_all(stop_, reinterpret_cast<const char*>(&one), sizeof one);
    thread_.join();
  }
  for (int* fd : {&given_, &write_end_, &stop_}) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
  }
}

// First what earlier runs have read, then what comes.
void RepeatedInput::pass_on() {
  block_signals_here();
  std::vector<char> buffer(1 << 14);
  for (std::uint64_t at = 0; at < known_;) {
    const auto wanted = std::min<std::uint64_t>(buffer.size(), known_ - at);
    const auto n = pread(copy_, buffer.data(), wanted, static_cast<off_t>(at));
    if (n <= 0 || !give(buffer.data(), static_cast<std::size_t>(n))) return;
    at += static_cast<std::uint64_t>(n);
  }
  while (!ended_ && wait_until_both_ready(0)) {
    const auto n = read(0, buffer.data(), buffer.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) problem_ = fmt::format("cannot read standard input: {}", std::strerror(errno));
    ended_ = n <= 0;
    if (ended_) break;
    const auto bytes = static_cast<std::size_t>(n);
    if (pwrite(copy_, buffer.data(), bytes, static_cast<off_t>(known_)) != n) {
      problem_ =
          fmt::format("cannot keep standard input for the next run: {}", std::strerror(errno));
      ended_ = true;
      break;
    }
    known_ += bytes;
    if (!give(buffer.data(), bytes)) return;
  }
  if (!ended_) return;
  // The run sees the end; end() has nothing left to close.
  close(write_end_);
  write_end_ = -1;
}

bool RepeatedInput::give(const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const auto n = write(write_end_, data, bytes);
    if (n > 0) {
      data += n;
      bytes -= static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EAGAIN) {
      if (!wait_until_both_ready(-1)) return false;
    } else if (n >= 0 || errno != EINTR) {
      return false;  // nobody reads any more
    }
  }
  return true;
}

bool RepeatedInput::wait_until_both_ready(int from) {
  // In turn: a source at its end is always ready, and so is a pipe without a reader.
  pollfd room[] = {{write_end_, POLLOUT, 0}, {stop_, POLLIN, 0}};
  while (poll(room, 2, -1) < 0 && errno == EINTR) {
  }
  if (room[1].revents != 0 || (room[0].revents & POLLERR) != 0) return false;
  if (from < 0) return true;
  pollfd data[] = {{from, POLLIN, 0}, {stop_, POLLIN, 0}};
  while (poll(data, 2, -1) < 0 && errno == EINTR) {
  }
  return data[1].revents == 0;
}

}  // namespace detsim
