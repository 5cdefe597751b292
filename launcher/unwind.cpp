#include "launcher/unwind.hpp"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>

#include "launcher/unwind_names.hpp"

namespace detsim {

Registers registers_of(const Frame& f) {
  return {f.rax, f.rdx, f.rcx, f.rbx, f.rsi, f.rdi, f.rbp, f.rsp, f.r8,
          f.r9,  f.r10, f.r11, f.r12, f.r13, f.r14, f.r15, f.rip};
}

bool read_memory(pid_t pid, std::uint64_t address, void* to, std::size_t bytes) {
  const iovec local{to, bytes};
  const iovec remote{reinterpret_cast<void*>(address), bytes};
  return process_vm_readv(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

struct Unwinder::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (dwfl != nullptr) dwfl_end(dwfl);
  }

  pid_t pid = 0;
  struct stat program {};
  Dwfl* dwfl = nullptr;
  bool is_attached = false;
  const Registers* registers = nullptr;  // of the task that is being unwound
};

namespace {

constexpr const char* kShimName = "libdetsim.so";
constexpr std::size_t kIdleMax = 4;  // programs whose debug information is kept
constexpr pid_t kTheThread = 1;      // all tasks go by one name, one after the other

struct Collector {
  std::vector<StackFrame> frames;
  std::size_t max = 0;
};

// They stay open, and no program that is started later is to find them among its own.
int close_on_exec(int fd) {
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

int find_elf(Dwfl_Module* module, void** user, const char* name, Dwarf_Addr base, char** file,
             Elf** elf) {
  return close_on_exec(dwfl_linux_proc_find_elf(module, user, name, base, file, elf));
}

// A debuginfod server is never asked: a report must not wait for the network.
int find_debuginfo(Dwfl_Module* module, void** user, const char* name, Dwarf_Addr base,
                   const char* file, const char* link, GElf_Word crc, char** found) {
  const char* urls = getenv("DEBUGINFOD_URLS");
  const std::string saved = urls != nullptr ? urls : "";
  unsetenv("DEBUGINFOD_URLS");
  const int fd = dwfl_standard_find_debuginfo(module, user, name, base, file, link, crc, found);
  if (urls != nullptr) setenv("DEBUGINFOD_URLS", saved.c_str(), 1);
  return close_on_exec(fd);
}

constexpr Dwfl_Callbacks kModules = {
    .find_elf = find_elf,
    .find_debuginfo = find_debuginfo,
    .section_address = nullptr,
    .debuginfo_path = nullptr,
};

pid_t no_next_thread(Dwfl*, void*, void**) { return 0; }

bool is_known_thread(Dwfl*, pid_t, void* state, void** thread) {
  *thread = state;
  return true;
}

bool read_word(Dwfl*, Dwarf_Addr address, Dwarf_Word* result, void* state) {
  return read_memory(static_cast<Unwinder::State*>(state)->pid, address, result, sizeof(*result));
}

bool set_registers(Dwfl_Thread* thread, void* state) {
  const auto* registers = static_cast<Unwinder::State*>(state)->registers;
  return dwfl_thread_state_registers(thread, 0, sizeof(Registers) / sizeof(Dwarf_Word),
                                     reinterpret_cast<const Dwarf_Word*>(registers));
}

constexpr Dwfl_Thread_Callbacks kThreads = {
    .next_thread = no_next_thread,
    .get_thread = is_known_thread,
    .memory_read = read_word,
    .set_initial_registers = set_registers,
    .detach = nullptr,
    .thread_detach = nullptr,
};

int collect(Dwfl_Frame* frame, void* argument) {
  auto& collector = *static_cast<Collector*>(argument);
  Dwarf_Addr pc;
  bool activation = false;
  if (!dwfl_frame_pc(frame, &pc, &activation)) return DWARF_CB_ABORT;
  // A return address may already belong to the next line, or even the next function.
  Dwfl* dwfl = dwfl_thread_dwfl(dwfl_frame_thread(frame));
  name_frames(dwfl, pc, activation ? pc : pc - 1, collector.frames);
  return collector.frames.size() < collector.max ? DWARF_CB_OK : DWARF_CB_ABORT;
}

}  // namespace

// Reading a library's debug information takes many times as long as using it, and an exploration
// looks at the same program again and again: libdwfl keeps the modules that are reported anew at
// their old places.
std::vector<std::unique_ptr<Unwinder::State>>& Unwinder::idle() {
  static std::vector<std::unique_ptr<State>> states;
  return states;
}

std::unique_ptr<Unwinder::State> Unwinder::state_for(pid_t pid) {
  struct stat program {};
  stat(("/proc/" + std::to_string(pid) + "/exe").c_str(), &program);
  const auto fits = [&](const std::unique_ptr<State>& state) {
    const auto& known = state->program;
    return known.st_dev == program.st_dev && known.st_ino == program.st_ino &&
           known.st_mtim.tv_sec == program.st_mtim.tv_sec &&
           known.st_mtim.tv_nsec == program.st_mtim.tv_nsec;
  };
  const auto known = std::find_if(idle().begin(), idle().end(), fits);
  auto state = known != idle().end() ? std::move(*known) : std::make_unique<State>();
  if (known != idle().end()) idle().erase(known);
  if (state->dwfl == nullptr) state->dwfl = dwfl_begin(&kModules);
  state->program = program;
  state->pid = pid;
  return state;
}

std::unique_ptr<Unwinder> Unwinder::open(pid_t pid, std::string& error) {
  std::unique_ptr<Unwinder> unwinder(new Unwinder(state_for(pid)));
  auto& s = *unwinder->state_;
  dwfl_report_begin(s.dwfl);
  const int failed = dwfl_linux_proc_report(s.dwfl, pid);
  if (dwfl_report_end(s.dwfl, nullptr, nullptr) != 0 || failed != 0) {
    error = failed > 0 ? std::strerror(failed) : dwfl_errmsg(-1);
    return nullptr;
  }
  s.is_attached = s.is_attached || dwfl_attach_state(s.dwfl, nullptr, pid, &kThreads, &s);
  if (!s.is_attached) {
    error = dwfl_errmsg(-1);
    return nullptr;
  }
  return unwinder;
}

Unwinder::Unwinder(std::unique_ptr<State> state) : state_(std::move(state)) {}

Unwinder::~Unwinder() {
  if (!state_->is_attached) return;
  if (idle().size() == kIdleMax) idle().erase(idle().begin());
  idle().push_back(std::move(state_));
}

std::vector<StackFrame> Unwinder::stack(const Registers& registers, std::size_t frames_max) {
  state_->registers = &registers;
  Collector collector;
  collector.max = frames_max;
  dwfl_getthread_frames(state_->dwfl, kTheThread, collect, &collector);
  auto& frames = collector.frames;
  std::erase_if(frames, [](const StackFrame& f) { return f.module == kShimName; });
  if (frames.size() > frames_max) frames.resize(frames_max);
  return std::move(frames);
}

bool Unwinder::place(std::uint64_t address, SymbolPlace& result) {
  return name_place(state_->dwfl, address, result);
}

}  // namespace detsim
