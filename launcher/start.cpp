#include "launcher/start.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

#include "launcher/image.hpp"
#include "launcher/signals.hpp"
#include "launcher/wall/wall.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

// Where mappings begin depends on it (mmap_base in the kernel); 8 MiB is what everybody has.
constexpr rlim_t kStackBytes = 8 << 20;

struct Failure {  // from the child, through a pipe that execve closes
  int error;
  char step[32];
};

[[noreturn]] void fail(int pipe, const char* step, int error) {
  Failure failure{.error = error, .step = {}};
  std::strncpy(failure.step, step, sizeof failure.step - 1);
  [[maybe_unused]] const auto written = write(pipe, &failure, sizeof failure);
  _exit(kExitFailed);
}

void place_descriptors(const RunOptions& options, int pipe) {
  const int wanted[] = {options.standard_input, options.standard_output, options.standard_error};
  int copies[3];
  for (int i = 0; i < 3; ++i) {
    // Above the three, so that none is overwritten before its turn. A closed one stays closed.
    copies[i] = wanted[i] == i ? -1 : fcntl(wanted[i], F_DUPFD_CLOEXEC, 3);
    if (wanted[i] != i && copies[i] < 0) fail(pipe, "redirect its streams", errno);
  }
  for (int i = 0; i < 3; ++i) {
    if (copies[i] >= 0) dup2(copies[i], i);
  }
}

void fix_layout(int pipe) {
  rlimit stack{};
  getrlimit(RLIMIT_STACK, &stack);
  stack.rlim_cur = std::min(kStackBytes, stack.rlim_max);
  setrlimit(RLIMIT_STACK, &stack);
  // Whatever the launcher was started with: the other flags change addresses and rights too.
  if (personality(ADDR_NO_RANDOMIZE) < 0) {
    fail(pipe, "switch off address randomisation (personality)", errno);
  }
}

// A set-user-ID file of the user's own makes the kernel forget ADDR_NO_RANDOMIZE (fs/exec.c,
// bprm_fill_uid), but not where no rights can be gained.
void keep_layout(const std::string& path) {
  struct stat status {};
  const bool asks_for_rights =
      stat(path.c_str(), &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)) != 0;
  if (asks_for_rights) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

// Memory files count, too: those of the run only, since the world has its size already.
void limit_files(std::uint64_t bytes, int pipe) {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  if (bytes == 0 || limit.rlim_cur <= bytes) return;
  limit.rlim_cur = bytes;
  limit.rlim_max = std::min<rlim_t>(limit.rlim_max, bytes);
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) fail(pipe, "limit the size of its files", errno);
}

void pin(std::uint32_t core, int pipe) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) fail(pipe, "pin it to a core", errno);
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const auto& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What lies over the working directory by now is the working directory.
void enter_view(const PrivateView& view, int pipe) {
  char here[PATH_MAX];
  if (getcwd(here, sizeof here) == nullptr) fail(pipe, "find its directory", errno);
  if (const int error = view.enter()) fail(pipe, "give it a private view", error);
  // A user namespace has other credentials, with which the kernel forgets it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (chdir(here) != 0) fail(pipe, "enter its directory", errno);
}

[[noreturn]] void become_target(const RunOptions& options, const Target& target, char** arguments,
                                char** environment, std::uint32_t core, const PrivateView* view,
                                pid_t launcher, int here, int pipe) {
  // Should the launcher be killed, nobody could serve the run any more.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launcher) _exit(kExitFailed);
  restore_signals();
  place_descriptors(options, pipe);
  if (here >= 0 && fchdir(here) != 0) fail(pipe, "enter its directory", errno);
  if (view != nullptr) enter_view(*view, pipe);
  fix_layout(pipe);
  limit_files(options.limits.file_bytes, pipe);
  pin(core, pipe);
  keep_layout(target.path);
  if (const int error = install_wall()) fail(pipe, "install the seccomp filter", error);
  fcntl(world().config.world_fd, F_SETFD, 0);  // the image maps and closes it
  execve(target.path.c_str(), arguments, environment);
  fail(pipe, "execute it", errno);
}

// Goes to another directory. Returns a descriptor of the one that was left; -1: it was not.
int leave_for(const std::string& directory) {
  if (directory.empty()) return -1;
  const int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (here >= 0 && chdir(directory.c_str()) == 0) return here;
  if (here >= 0) close(here);
  return -1;
}

void come_back(int here) {
  if (here < 0) return;
  DETSIM_INVARIANT(fchdir(here) == 0);
  close(here);
}

}  // namespace

std::uint32_t choose_core() {
  const int core = sched_getcpu();
  return core < 0 ? 0 : static_cast<std::uint32_t>(core);
}

Start start_root(const RunOptions& options, const Launch& launch, const Target& target) {
  const auto* view = launch.view.get();
  const auto environment =
      image_environment(launch.environment, target, launch.library,
                        fmt::format("{}", world().config.world_fd), options.environment_pad);
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) {
    return {.problem = fmt::format("cannot make a pipe: {}", std::strerror(errno))};
  }
  auto arguments = pointers_to(target.arguments);
  auto variables = pointers_to(environment);
  const pid_t launcher = getpid();
  const int here = leave_for(options.start_directory);
  // Nothing is copied, unless a view is to be entered (a user namespace needs memory of its
  // own): the child only calls the kernel, and this process waits until it executes.
  const pid_t pid = view != nullptr ? fork() : vfork();
  if (pid == 0) {
    become_target(options, target, arguments.data(), variables.data(), launch.core, view, launcher,
                  here, pipe[1]);
  }
  come_back(here);
  close(pipe[1]);
  Start start{.pid = pid, .problem = {}};
  Failure failure{};
  if (pid < 0) {
    start.problem = fmt::format("cannot fork: {}", std::strerror(errno));
  } else if (read(pipe[0], &failure, sizeof failure) == sizeof failure) {
    start.problem = fmt::format("cannot start '{}': failed to {}: {}", target.path, failure.step,
                                std::strerror(failure.error));
    waitpid(pid, nullptr, 0);
    start.pid = -1;
  }
  close(pipe[0]);
  return start;
}

}  // namespace detsim
