// Waits that are a call of their own: for a descriptor, a child, a signal, time.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "launcher/report_facts.hpp"
#include "trace/words.hpp"

namespace detsim {
namespace {

enum class Wish { none, read, write, connection, connect, events, lock, other };

// Calls whose first argument is a descriptor, and what they want of it.
struct DescriptorCall {
  long number;
  Wish wish;
};
constexpr DescriptorCall kCalls[] = {
    {SYS_read, Wish::read},           {SYS_readv, Wish::read},
    {SYS_pread64, Wish::read},        {SYS_preadv, Wish::read},
    {SYS_preadv2, Wish::read},        {SYS_recvfrom, Wish::read},
    {SYS_recvmsg, Wish::read},        {SYS_recvmmsg, Wish::read},
    {SYS_write, Wish::write},         {SYS_writev, Wish::write},
    {SYS_pwrite64, Wish::write},      {SYS_pwritev, Wish::write},
    {SYS_pwritev2, Wish::write},      {SYS_sendto, Wish::write},
    {SYS_sendmsg, Wish::write},       {SYS_sendmmsg, Wish::write},
    {SYS_sendfile, Wish::write},      {SYS_accept, Wish::connection},
    {SYS_accept4, Wish::connection},  {SYS_connect, Wish::connect},
    {SYS_epoll_wait, Wish::events},   {SYS_epoll_pwait, Wish::events},
    {SYS_epoll_pwait2, Wish::events}, {SYS_fcntl, Wish::lock},
    {SYS_flock, Wish::lock},          {SYS_splice, Wish::other},
    {SYS_tee, Wish::other},           {SYS_ioctl, Wish::other}};

Wish wish_of(std::uint64_t number) {
  for (const auto& call : kCalls) {
    if (call.number == static_cast<long>(number)) return call.wish;
  }
  return Wish::none;
}

std::string link_of(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::read_symlink(path, error);
}

std::string link_of(pid_t pid, std::int32_t descriptor) {
  return link_of(fmt::format("/proc/{}/fd/{}", pid, descriptor));
}

// Without the kernel's number: it is another one in every run.
std::string file_words(const std::string& link) {
  if (link.starts_with("pipe:")) return "a pipe";
  if (link.starts_with("socket:")) return "a socket";
  if (link == "anon_inode:[eventpoll]") return "an epoll";
  if (link == "anon_inode:[eventfd]") return "an eventfd";
  if (link.starts_with("anon_inode:")) return link.substr(std::strlen("anon_inode:"));
  if (link.find("/#") != link.npos && link.ends_with(" (deleted)")) return "a file without a name";
  return link;
}

std::string descriptor_words(pid_t pid, std::int32_t descriptor) {
  const auto file = file_words(link_of(pid, descriptor));
  return fmt::format("descriptor {}{}{}", descriptor, file.empty() ? "" : ", ", file);
}

int access_mode(pid_t pid, const std::string& descriptor) {
  std::ifstream info(fmt::format("/proc/{}/fdinfo/{}", pid, descriptor));
  for (std::string key, value; info >> key >> value;) {
    if (key == "flags:") return static_cast<int>(std::stoul(value, nullptr, 8)) & O_ACCMODE;
  }
  return -1;
}

// The descriptors of a process that are the other end of a pipe: `mode` is what they can do.
std::set<std::int32_t> ends_in(pid_t pid, const std::string& link, int mode) {
  std::set<std::int32_t> ends;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
    if (link_of(entry.path()) != link) continue;
    const auto number = entry.path().filename().string();
    const int has = access_mode(pid, number);
    if (has == mode || has == O_RDWR) ends.insert(std::stoi(number));
  }
  return ends;
}

void set_only_task(const Process& process, WaitFacts& wait) {
  if (process.task_count == 1 && process.main_task < kTasksMax) wait.holder = process.main_task;
}

// Who could end a wait for a pipe: those who have its other end.
void find_other_end(const World& world, const Task& task, const std::string& link, Wish wish,
                    WaitFacts& wait) {
  const bool reads = wish == Wish::read;
  std::string names;
  const Process* only = nullptr;
  int count = 0;
  for (std::uint32_t i = 0; i < world.processes_used; ++i) {
    const auto& process = world.processes[i];
    if (process.state != ProcessState::live || process.real_pid <= 0) continue;
    const auto ends = ends_in(process.real_pid, link, reads ? O_WRONLY : O_RDONLY);
    if (ends.empty()) continue;
    only = &process;
    if (++count > 4) continue;
    names +=
        fmt::format("{}descriptor {} of {}", names.empty() ? "" : ", ", *ends.begin(),
                    i == task.process ? "this process" : fmt::format("process {}", process.pid));
  }
  const char* verb = reads ? "written" : "read";
  wait.remark =
      count == 0 ? fmt::format("it can be {} from outside of the run only", verb)
                 : fmt::format("it can be {} through {}{}", verb, names, count > 4 ? ", ..." : "");
  if (count == 1) set_only_task(*only, wait);
}

void name_polled(const Process& process, const Frame& frame, WaitFacts& wait) {
  constexpr std::size_t kShown = 4;
  pollfd entries[kShown];
  const auto shown = std::min<std::uint64_t>(frame.rsi, kShown);
  wait.verb = "polls";
  wait.noun.clear();
  if (shown == 0 || !read_memory(process.real_pid, frame.rdi, entries, shown * sizeof *entries)) {
    wait.noun = shown == 0 ? "nothing" : "descriptors";
    return;
  }
  for (std::size_t i = 0; i < shown; ++i) {
    const auto file = file_words(link_of(process.real_pid, entries[i].fd));
    wait.object += fmt::format("{}{}{}", i == 0 ? "" : ", ", entries[i].fd,
                               file.empty() ? "" : fmt::format(" ({})", file));
  }
  wait.noun = frame.rsi == 1 ? "descriptor" : "descriptors";
  if (frame.rsi > kShown) wait.object += ", ...";
}

void name_call(const World& world, const Task& task, const Process& process, const Frame& frame,
               WaitFacts& wait) {
  if (frame.number == SYS_poll || frame.number == SYS_ppoll) {
    return name_polled(process, frame, wait);
  }
  const auto wish = wish_of(frame.number);
  if (wish == Wish::none) {
    wait.object = "in " + call_name(frame.number);
    return;
  }
  const auto descriptor = static_cast<std::int32_t>(frame.rdi);
  const auto words = descriptor_words(process.real_pid, descriptor);
  const auto link = link_of(process.real_pid, descriptor);
  wait.object = words;
  switch (wish) {
    case Wish::read:
    case Wish::write:
      wait.verb = wish == Wish::read ? "waits to read from" : "waits to write to";
      wait.noun.clear();
      if (link.starts_with("pipe:")) find_other_end(world, task, link, wish, wait);
      break;
    case Wish::connection: wait.noun = "a connection to"; break;
    case Wish::connect: wait.verb = "waits to be accepted on", wait.noun.clear(); break;
    case Wish::events: wait.noun = "events of"; break;
    case Wish::lock:
      wait.noun = "a lock of";
      find_lock_holder(world, task, descriptor, wait);
      break;
    default: wait.object = fmt::format("in {} ({})", call_name(frame.number), words); break;
  }
}

// A parent that has one child with one task left waits for that task.
void find_only_child(const World& world, const Task& task, WaitFacts& wait) {
  const auto pid = world.processes[task.process].pid;
  const Process* only = nullptr;
  std::string names;
  int count = 0;
  for (std::uint32_t i = 0; i < world.processes_used; ++i) {
    const auto& child = world.processes[i];
    if (child.state != ProcessState::live || child.parent != pid) continue;
    only = &child;
    if (++count > 4) continue;
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", child.pid,
                         std::string_view(child.name, strnlen(child.name, sizeof(child.name))));
  }
  if (count > 0) {
    wait.remark = fmt::format("it has {} {}{}", count == 1 ? "process" : "processes", names,
                              count > 4 ? ", ..." : "");
  }
  if (count == 1) set_only_task(*only, wait);
}

}  // namespace

WaitFacts find_call_wait(const World& world, const Task& task, const Frame* frame) {
  WaitFacts wait;
  const auto& process = world.processes[task.process];
  wait.verb = "waits for";
  switch (task.wait_kind) {
    case WaitKind::sleep: wait.verb = "sleeps"; return wait;
    case WaitKind::child:
      wait.noun = "a child process";
      find_only_child(world, task, wait);
      return wait;
    case WaitKind::vfork:
      wait.noun = "its vfork child";
      find_only_child(world, task, wait);
      return wait;
    case WaitKind::signal: wait.noun = "a signal"; break;
    case WaitKind::io: wait.noun = "input or output"; break;
    case WaitKind::file_lock: wait.noun = "a file lock"; break;
    case WaitKind::ipc: wait.noun = "a queue or semaphore of System V"; break;
    case WaitKind::fifo: wait.noun = "the other end of a FIFO"; break;
    case WaitKind::stopped: wait.noun = "SIGCONT"; return wait;
    default: wait.noun = "something unknown"; break;
  }
  if (frame != nullptr && frame->number <= 0xffff) name_call(world, task, process, *frame, wait);
  return wait;
}

}  // namespace detsim
