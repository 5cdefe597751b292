#include "launcher/machine.hpp"

#include <asm/prctl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>

#include "launcher/world_mapping.hpp"

namespace detsim {
namespace {

// Tries something in a child, for what cannot be undone. `attempt` returns 0 or an errno; death
// of the child counts as EFAULT.
int in_child(const std::function<int()>& attempt) {
  const pid_t pid = fork();
  if (pid == 0) _exit(attempt());
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EFAULT;
}

int error_of(long result) { return result < 0 ? errno : 0; }

int user_dispatch_error() {
  return error_of(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0));
}

Finding find_kernel() {
  utsname name{};
  uname(&name);
  return {"kernel", Offer::yes,
          fmt::format("{} {} on {}", name.sysname, name.release, name.machine)};
}

Finding find_libc() {
  return {"C library", Offer::yes, fmt::format("glibc {}", gnu_get_libc_version())};
}

Finding find_container() {
  for (const char* path : {"/.dockerenv", "/run/.containerenv", "/run/systemd/container"}) {
    if (access(path, F_OK) == 0) {
      return {"container", Offer::yes,
              fmt::format("yes, by {}; what it forbids shows below", path)};
    }
  }
  return {"container", Offer::yes, "none seen"};
}

Finding find_user_dispatch() {
  const int error = user_dispatch_error();
  if (error == 0) return {"user dispatch", Offer::yes, "system calls can be trapped"};
  return {"user dispatch", Offer::no,
          error == EINVAL ? "this kernel has none: Linux 5.11 or newer is needed"
                          : fmt::format("forbidden ({}): allow prctl 59 in the container's seccomp "
                                        "profile, or run without one",
                                        std::strerror(error))};
}

Finding find_seccomp() {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  const int error = error_of(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
  if (error == 0) return {"seccomp filters", Offer::yes, "the outer wall can be built"};
  return {"seccomp filters", Offer::no,
          fmt::format("{}: a kernel with CONFIG_SECCOMP_FILTER is needed", std::strerror(error))};
}

Finding find_fixed_addresses() {
  const int error = in_child([] { return error_of(personality(ADDR_NO_RANDOMIZE)); });
  if (error == 0) return {"fixed addresses", Offer::yes, "randomisation can be switched off"};
  return {"fixed addresses", Offer::no,
          fmt::format("personality: {}; allow personality(0x40000) in the container's seccomp "
                      "profile",
                      std::strerror(error))};
}

Finding find_world() {
  std::string problem;
  const auto mapping = WorldMapping::create(Config{}, problem);
  if (mapping == nullptr) return {"world", Offer::no, problem};
  const auto path = fmt::format("/proc/{}/fd/{}", getpid(), world().config.world_fd);
  const int error = in_child([&path] { return error_of(open(path.c_str(), O_RDWR)); });
  if (error != 0) {
    return {"world", Offer::no,
            fmt::format("{}: {}; is /proc mounted, of this pid namespace?", path,
                        std::strerror(error))};
  }
  return {"world", Offer::yes,
          fmt::format("{} GiB of addresses at {:#x}", kWorldBytes >> 30, kWorldAddress)};
}

Finding find_pinning() {
  const int error = in_child([] {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(sched_getcpu()), &set);
    return error_of(sched_setaffinity(0, sizeof set, &set));
  });
  if (error == 0) return {"pinning", Offer::yes, "a run can be kept on one core"};
  return {"pinning", Offer::no, fmt::format("sched_setaffinity: {}", std::strerror(error))};
}

Finding find_fsgsbase() {
  if ((getauxval(AT_HWCAP2) & 2) != 0) return {"FSGSBASE", Offer::yes, "fast task switches"};
  return {"FSGSBASE", Offer::limited, "missing: a task switch costs a system call, some 140 ns"};
}

Finding find_tsc() {
  const int error = in_child([] { return error_of(prctl(PR_SET_TSC, PR_TSC_SIGSEGV)); });
  if (error == 0) return {"rdtsc", Offer::yes, "can be trapped"};
  return {"rdtsc", Offer::limited, "cannot be trapped: programs that read it see real time"};
}

Finding find_cpuid() {
  const int error = in_child([] { return error_of(syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0)); });
  if (error == 0) return {"cpuid", Offer::yes, "can be trapped"};
  return {"cpuid", Offer::limited,
          "this CPU cannot trap it: programs see the real CPU and the id of the core they are on"};
}

struct Range {
  std::uintptr_t begin = 0, end = 0;
};

Range find_mapping(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  Range range;
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with(name)) continue;
    std::sscanf(line.c_str(), "%lx-%lx", &range.begin, &range.end);
    break;
  }
  return range;
}

Finding find_vdso() {
  const auto vdso = find_mapping("[vdso]");
  if (vdso.begin == 0) return {"vDSO", Offer::yes, "none: clock readings are system calls"};
  auto* start = reinterpret_cast<void*>(vdso.begin);
  const int error = in_child([&] {
    return error_of(mprotect(start, vdso.end - vdso.begin, PROT_READ | PROT_WRITE | PROT_EXEC));
  });
  if (error == 0) return {"vDSO", Offer::yes, "can be patched by mprotect"};
  const int memory_error = in_child([&] {
    const int memory = open("/proc/self/mem", O_RDWR);
    const auto at = static_cast<off_t>(vdso.begin);
    return error_of(memory < 0 ? -1 : pwrite(memory, start, 1, at));
  });
  if (memory_error == 0) return {"vDSO", Offer::yes, "can be patched through /proc/self/mem"};
  return {"vDSO", Offer::limited,
          "cannot be patched: it is hidden, and clock readings are trapped system calls"};
}

Finding find_vsyscall() {
  return {"vsyscall page", Offer::yes,
          find_mapping("[vsyscall]").begin == 0 ? "none" : "there, and refused by the wall"};
}

Finding find_ptrace() {
  int scope = 0;
  std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope;
  if (scope < 2 || geteuid() == 0) return {"stacks", Offer::yes, "reports can show them"};
  return {"stacks", Offer::limited,
          fmt::format("kernel.yama.ptrace_scope is {}: reports come without stacks; set it to 1",
                      scope)};
}

}  // namespace

std::vector<Finding> look_at_machine() {
  return {
      find_kernel(),          find_libc(),  find_container(), find_user_dispatch(), find_seccomp(),
      find_fixed_addresses(), find_world(), find_pinning(),   find_fsgsbase(),      find_tsc(),
      find_cpuid(),           find_vdso(),  find_vsyscall(),  find_ptrace()};
}

bool offers_user_dispatch() { return user_dispatch_error() == 0; }

}  // namespace detsim
