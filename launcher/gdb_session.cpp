#include "launcher/gdb_session.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "launcher/gdb/parts.inc"  // kGdbPy
#include "launcher/run.hpp"
#include "scheduler/spin_words.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
constexpr int kLookAgain_ms = 5;

// Where a field lies in its struct, and its bytes.
#define DETSIM_FIELD(type, field) \
  Json { offsetof(type, field), sizeof(type::field) }

Json fields_of_tasks() {
  return {{"task",
           {{"first", offsetof(World, scheduler) + offsetof(Scheduler, tasks)},
            {"bytes", sizeof(Task)},
            {"tid", DETSIM_FIELD(Task, tid)},
            {"process", DETSIM_FIELD(Task, process)},
            {"name", DETSIM_FIELD(Task, name)},
            {"state", DETSIM_FIELD(Task, state)},
            {"held", DETSIM_FIELD(Task, held)},
            {"wait", DETSIM_FIELD(Task, wait_kind)}}},
          {"thread",
           {{"first", offsetof(World, threads)},
            {"bytes", sizeof(ThreadState)},
            {"frame", DETSIM_FIELD(ThreadState, frame)},
            {"fs_base", DETSIM_FIELD(ThreadState, fs_base)}}},
          {"process",
           {{"first", offsetof(World, processes)},
            {"bytes", sizeof(Process)},
            {"pid", DETSIM_FIELD(Process, pid)},
            {"real_pid", DETSIM_FIELD(Process, real_pid)}}}};
}

Json words() {
  Json waits;
  for (const auto& [kind, noun] : {std::pair{WaitKind::futex, "a futex"},
                                   {WaitKind::futex_pi, "a futex"},
                                   {WaitKind::sleep, "a time"},
                                   {WaitKind::io, "a descriptor"},
                                   {WaitKind::child, "a child"},
                                   {WaitKind::signal, "a signal"},
                                   {WaitKind::vfork, "its vfork child"},
                                   {WaitKind::file_lock, "a file lock"},
                                   {WaitKind::ipc, "an IPC object"},
                                   {WaitKind::spin, "memory, in a loop"},
                                   {WaitKind::fifo, "the other end of a FIFO"}}) {
    waits[std::to_string(static_cast<int>(kind))] = noun;
  }
  Json outcomes;
  for (const auto& [outcome, word] : {std::pair{Outcome::running, "running"},
                                      {Outcome::stopped, "stopped"},
                                      {Outcome::deadlock, "a deadlock"},
                                      {Outcome::virtual_timeout, "the limit of virtual time"},
                                      {Outcome::output_limit, "the limit of output"},
                                      {Outcome::property_failed, "a property failed"},
                                      {Outcome::power_lost, "the power was cut"},
                                      {Outcome::failed, "detsim itself failed"},
                                      {Outcome::finished, "finished"}}) {
    outcomes[word] = static_cast<int>(outcome);
  }
  return {{"waits", waits},
          {"outcomes", outcomes},
          {"signals",
           {"SIGSYS", "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE",
            fmt::format("SIG{}", sigabbrev_np(kNudgeSignal))}}};
}

Json layout(const std::string& directory) {
  const auto scheduler = offsetof(World, scheduler), trace = offsetof(World, trace);
  Json json = {{"world", kWorldAddress},
               {"current", DETSIM_FIELD(World, current)},
               {"outcome", DETSIM_FIELD(World, outcome)},
               {"tasks_used", {scheduler + offsetof(Scheduler, tasks_used), 4}},
               {"now_ns", {scheduler + offsetof(Scheduler, now_ns), 8}},
               {"count", {trace + offsetof(TraceRing, count), 8}},
               {"stop_at", {trace + offsetof(TraceRing, stop_at), 8}},
               {"again", directory + "/again"},
               {"breakpoints", directory + "/breakpoints"}};
  json.update(fields_of_tasks());
  json.update(words());
  return json;
}

// Who reads from the terminal: `group`, or whoever does if there is none.
void give_terminal_to(pid_t group) {
  if (isatty(STDIN_FILENO) == 0) return;
  const auto old = std::signal(SIGTTOU, SIG_IGN);
  tcsetpgrp(STDIN_FILENO, group);
  std::signal(SIGTTOU, old);
}

}  // namespace

GdbSession::GdbSession(std::vector<std::string> commands) : commands_(std::move(commands)) {
  char name[] = "/tmp/detsim-gdb-XXXXXX";
  if (mkdtemp(name) == nullptr) {
    problem_ = fmt::format("cannot make a directory in /tmp: {}", std::strerror(errno));
  } else {
    directory_ = name;
    if (!write_files()) problem_ = fmt::format("cannot write into '{}'", directory_);
  }
}

GdbSession::~GdbSession() {
  std::error_code error;
  if (!directory_.empty()) fs::remove_all(directory_, error);
}

bool GdbSession::write_files() const {
  std::ofstream script(directory_ + "/detsim.py"), where(directory_ + "/layout.json");
  script << kGdbPy;
  where << layout(directory_).dump();
  script.flush();
  where.flush();
  return script && where;
}

void GdbSession::become_gdb(pid_t target) const {
  // Ctrl-C is gdb's, and not the run's.
  setpgid(0, 0);
  give_terminal_to(getpid());
  setenv("DETSIM_GDB_LAYOUT", (directory_ + "/layout.json").c_str(), 1);
  std::vector<std::string> words = {
      "gdb", "-q",          "-ix", directory_ + "/detsim.py", "-p", std::to_string(target),
      "-ex", "detsim begin"};
  for (const auto& command : commands_) words.insert(words.end(), {"-ex", command});
  if (!commands_.empty()) words.insert(words.begin() + 1, "-batch");
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp("gdb", arguments.data());
  fmt::print(stderr, "detsim: cannot start gdb: {}\n", std::strerror(errno));
  _exit(127);
}

std::optional<int> GdbSession::attend(const std::function<int()>& replay) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    problem_ = fmt::format("cannot make a socket: {}", std::strerror(errno));
    return kExitFailed;
  }
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    socket_ = ends[1];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int code = replay();
    std::fflush(nullptr);
    _exit(code);
  }
  close(ends[1]);
  pid_t target = 0;
  if (recv(ends[0], &target, sizeof target, 0) == sizeof target) run_gdb(target);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (read_next()) return std::nullopt;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kExitFailed;
}

void GdbSession::run_gdb(pid_t target) {
  const pid_t gdb = fork();
  if (gdb == 0) become_gdb(target);
  if (gdb < 0) return;
  int status = 0;
  waitpid(gdb, &status, 0);
  give_terminal_to(getpgrp());
}

void GdbSession::look(World& world) {
  const auto target = static_cast<pid_t>(world.running_real_pid);
  if (!has_told_) send(socket_, &target, sizeof target, MSG_NOSIGNAL);
  has_told_ = true;
  const auto* outcome = reinterpret_cast<const std::uint32_t*>(&world.outcome);
  const auto running = static_cast<std::uint32_t>(Outcome::running);
  pollfd end{.fd = socket_, .events = POLLIN, .revents = 0};
  while (__atomic_load_n(outcome, __ATOMIC_SEQ_CST) != running) {
    if (poll(&end, 1, kLookAgain_ms) > 0) return;  // the parent has closed it: gdb has ended
  }
}

bool GdbSession::read_next() {
  const auto path = directory_ + "/again";
  std::ifstream in(path);
  if (!(in >> next_)) return false;
  std::error_code error;
  return fs::remove(path, error);
}

}  // namespace detsim
