#include "launcher/suite/growth.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

namespace detsim::suite {
namespace {

namespace fs = std::filesystem;
constexpr int kEvery_ms = 10;
constexpr std::size_t kLooksMin = 16, kLooksMax = 1u << 10;

using Parents = std::map<pid_t, pid_t>;

Parents all_processes() {
  Parents parents;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    std::ifstream file(entry.path() / "stat");
    std::string text;
    std::getline(file, text);
    // proc(5): the name is in parentheses and may hold anything; then come the state and the
    // parent.
    const auto end = text.rfind(") ");
    if (end == text.npos || text.size() < end + 5) continue;
    parents[std::stoi(name)] = std::atoi(text.c_str() + end + 4);
  }
  return parents;
}

bool descends(const Parents& parents, pid_t pid, pid_t from) {
  for (int depth = 0; depth < 64; ++depth) {
    const auto found = parents.find(pid);
    if (found == parents.end()) return false;
    pid = found->second;
    if (pid == from) return true;
  }
  return false;
}

std::uint64_t bytes_below(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    struct stat status {};
    if (lstat(at->path().c_str(), &status) == 0) {
      bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
  }
  return bytes;
}

// False: there is no process to look at.
bool look(pid_t child, const std::string& directory, Holding& holding) {
  const auto parents = all_processes();
  bool found = false;
  for (const auto& [pid, parent] : parents) {
    if (pid == getpid() || !descends(parents, pid, child)) continue;
    std::ifstream file(fmt::format("/proc/{}/statm", pid));
    std::uint64_t size = 0, resident = 0, shared = 0;
    // What is shared, the run's world above all, is not the program's own.
    if (!(file >> size >> resident >> shared) || resident == 0) continue;
    // The kernel counts both per CPU, and adds them up roughly.
    const auto own = resident > shared ? resident - shared : 0;
    holding.memory_bytes += own * static_cast<std::uint64_t>(getpagesize());
    std::error_code error;
    for (fs::directory_iterator at(fmt::format("/proc/{}/fd", pid), error), end;
         !error && at != end; at.increment(error)) {
      ++holding.descriptors;
    }
    found = true;
  }
  holding.disk_bytes = bytes_below(directory);
  return found;
}

Watched judge(const std::vector<Holding>& looks) {
  Watched watched{.looks = looks.size()};
  if (looks.size() < kLooksMin) return watched;
  const auto at = [&](std::size_t quarter) {
    return looks.begin() + static_cast<std::ptrdiff_t>(looks.size() * quarter / 4);
  };
  // The last ones may see processes end, and what they held go.
  const auto end = looks.end() - static_cast<std::ptrdiff_t>(looks.size() / kLooksMin);
  using Member = std::uint64_t Holding::*;
  const auto order = [](Member member) {
    return [member](const Holding& a, const Holding& b) { return a.*member < b.*member; };
  };
  for (const Member member :
       {&Holding::memory_bytes, &Holding::descriptors, &Holding::disk_bytes}) {
    watched.early.*member = (*std::max_element(at(1), at(2), order(member))).*member;
    watched.late.*member = (*std::min_element(at(3), end, order(member))).*member;
  }
  return watched;
}

// Every other look is as good, when there are too many.
void thin(std::vector<Holding>& looks, int& every_ms) {
  if (looks.size() < kLooksMax) return;
  for (std::size_t i = 0; i < looks.size() / 2; ++i) looks[i] = looks[2 * i];
  looks.resize(looks.size() / 2);
  every_ms *= 2;
}

// One run: from the message with its directory to the one that ends it. False: the child has ended.
bool watch_run(pid_t child, const std::string& directory, int socket) {
  std::vector<Holding> looks;
  int every_ms = kEvery_ms;
  pollfd end{socket, POLLIN, 0};
  while (poll(&end, 1, every_ms) <= 0) {
    Holding holding;
    if (look(child, directory, holding)) looks.push_back(holding);
    thin(looks, every_ms);
  }
  char byte = 0;
  if (recv(socket, &byte, 1, 0) <= 0) return false;
  const auto watched = judge(looks);
  return send(socket, &watched, sizeof watched, MSG_NOSIGNAL) ==
         static_cast<ssize_t>(sizeof watched);
}

[[noreturn]] void serve(pid_t child, int socket) {
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_IGN);  // the child heeds them
  char directory[4096];
  for (;;) {
    const auto got = recv(socket, directory, sizeof directory, 0);
    if (got <= 0) break;
    if (!watch_run(child, std::string(directory, static_cast<std::size_t>(got)), socket)) break;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : kExitFailed);
}

}  // namespace

bool Watch::divide() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
  std::fflush(nullptr);
  const auto child = fork();
  if (child > 0) {
    close(ends[1]);
    serve(child, ends[0]);
  }
  close(ends[0]);
  socket_ = ends[1];
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  return child == 0;
}

void Watch::start(const std::string& directory) {
  send(socket_, directory.data(), directory.size(), MSG_NOSIGNAL);
}

Watched Watch::finish() {
  Watched watched;
  const char byte = 0;
  send(socket_, &byte, 1, MSG_NOSIGNAL);
  if (recv(socket_, &watched, sizeof watched, 0) != static_cast<ssize_t>(sizeof watched)) {
    watched = {};
  }
  return watched;
}

std::string growth_words(const Watched& watched, const Growth& allowed) {
  if (watched.looks < kLooksMin) {
    return fmt::format("too short to be watched: {} looks of at least {}", watched.looks,
                       kLooksMin);
  }
  std::string words;
  const auto compare = [&](const char* what, std::uint64_t early, std::uint64_t late,
                           std::uint64_t more) {
    if (late <= early + early / 10 || late - early <= more) return;
    words += fmt::format("{}{} grows: {}, later {}", words.empty() ? "" : "; ", what, early, late);
  };
  compare("memory (bytes)", watched.early.memory_bytes, watched.late.memory_bytes,
          allowed.memory_bytes);
  compare("the number of descriptors", watched.early.descriptors, watched.late.descriptors,
          allowed.descriptors);
  compare("disk use (bytes)", watched.early.disk_bytes, watched.late.disk_bytes,
          allowed.disk_bytes);
  return words;
}

}  // namespace detsim::suite
