#include "launcher/world_mapping.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

void* world_address() { return reinterpret_cast<void*>(kWorldAddress); }

// `ulimit -f` counts for sparse memory too. Raised as far as allowed, for this one call; death by
// SIGXFSZ becomes an error.
int truncate_to_size(int fd) {
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit wide{.rlim_cur = old.rlim_max, .rlim_max = old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &wide);
  struct sigaction ignore {
  }, action{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &ignore, &action);
  const int error = ftruncate(fd, kWorldBytes) == 0 ? 0 : errno;
  sigaction(SIGXFSZ, &action, nullptr);
  setrlimit(RLIMIT_FSIZE, &old);
  return error;
}

// Not one of the standard streams, should the launcher have been started without: the root process
// gets the descriptor under its number here.
int make_memory() {
  const int fd = memfd_create("detsim-world", MFD_CLOEXEC);
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  const int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  close(fd);
  return higher;
}

const char* hint_for(int error) {
  switch (error) {
    case EFBIG: return "; the limit on file sizes (ulimit -f) is too low";
    case ENOMEM: return "; is the limit on address space (ulimit -v) too low?";
    case EEXIST: return "; something else is mapped there";
    default: return "";
  }
}

std::string words_for(const char* step, int error) {
  return fmt::format("cannot {} the world ({} GiB, sparse): {}{}", step, kWorldBytes >> 30,
                     std::strerror(error), hint_for(error));
}

}  // namespace

std::unique_ptr<WorldMapping> WorldMapping::create(const Config& config, std::string& problem) {
  const int fd = make_memory();
  if (fd < 0) {
    problem = words_for("create", errno);
    return nullptr;
  }
  if (const int error = truncate_to_size(fd)) {
    problem = words_for("size", error);
    close(fd);
    return nullptr;
  }
  const auto* at = mmap(world_address(), kWorldBytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, fd, 0);
  if (at != world_address()) {
    problem = words_for("map", errno);
    close(fd);
    return nullptr;
  }
  madvise(world_address(), kWorldBytes, MADV_DONTDUMP);
  auto& w = world();
  w.config = config;
  w.config.world_fd = fd;
  w.config.launcher_pid = getpid();
  w.trace.stop_at = ~0ull;
  return std::unique_ptr<WorldMapping>(new WorldMapping(fd));
}

WorldMapping::~WorldMapping() {
  munmap(world_address(), kWorldBytes);
  close(fd_);
}

void WorldMapping::leave() { munmap(world_address(), kWorldBytes); }

void WorldMapping::come_back() {
  const auto* at = mmap(world_address(), kWorldBytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd_, 0);
  DETSIM_INVARIANT(at == world_address());
  madvise(world_address(), kWorldBytes, MADV_DONTDUMP);
}

void WorldMapping::publish() {
  std::atomic_ref(world().version).store(kWorldVersion, std::memory_order_release);
}

bool is_inside_detsim() {
  if (std::getenv("DETSIM_WORLD") != nullptr) return true;
  const auto visit = [](dl_phdr_info* info, std::size_t, void*) {
    return static_cast<int>(std::strstr(info->dlpi_name, "libdetsim.so") != nullptr);
  };
  return dl_iterate_phdr(visit, nullptr) != 0;
}

}  // namespace detsim
