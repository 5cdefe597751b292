// A process or task as /proc shows it (proc(5)), but for its memory: procfs_maps.cpp.
#include <linux/sched.h>

#include <initializer_list>

#include "interpose/base/exec_image.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/procfs.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kTickNs = 10'000'000;  // USER_HZ is 100

// The task that stands for the path: its own, or the main one. nullptr: a zombie.
const Task* task_of(const ProcPath& path) {
  if (path.task != nullptr) return path.task;
  if (path.process->state != ProcessState::live || path.process->main_task == kNoTask) {
    return nullptr;
  }
  return &world().scheduler.tasks[path.process->main_task];
}

struct State {
  char letter;
  const char* word;
};

State state_of(const Process& process, const Task* task) {
  if (process.state == ProcessState::zombie || task == nullptr) return {'Z', "zombie"};
  if (process.stopped) return {'T', "stopped"};
  if (task->state == TaskState::dead) return {'Z', "zombie"};
  return task->state == TaskState::runnable ? State{'R', "running"} : State{'S', "sleeping"};
}

std::uint64_t ignored_by(const Process& process) {
  std::uint64_t set = 0;
  for (unsigned i = 1; i < kSignalsMax; ++i) {
    if (process.actions[i].handler == 1) set |= 1ull << (i - 1);
  }
  return set;
}

std::uint64_t caught_by(const Process& process) {
  std::uint64_t set = 0;
  for (unsigned i = 1; i < kSignalsMax; ++i) {
    if (process.actions[i].handler > 1) set |= 1ull << (i - 1);
  }
  return set;
}

// Where the image lies: fields 26..28 and 45..51 of the kernel's own answer.
struct Places {
  std::uint64_t field[53] = {};
};
Places places_of(const Process& process) {
  Places places;
  LineReader lines(real_proc_path(process, "stat").data());
  const char* line = lines.next();
  if (line == nullptr) return places;
  const char* c = line + strlen(line);
  while (c > line && *c != ')') --c;  // the name may contain anything
  unsigned field = 2;
  while (*c != 0 && field < 52) {
    if (*c++ != ' ') continue;
    std::uint64_t value = 0;
    const char* digit = c;
    for (; *digit >= '0' && *digit <= '9'; ++digit) value = value * 10 + (*digit - '0');
    places.field[++field] = value;
  }
  return places;
}

void mask_lists(ProcText& out, const ThreadState& thread) {
  const auto cpus = world().config.cpus;
  out << "Cpus_allowed:\t";
  if (cpus > 64) out.hexadecimal(thread.affinity[1], 1);
  out.hexadecimal(thread.affinity[0], cpus > 64 ? 16 : 1) << "\nCpus_allowed_list:\t";
  bool first = true;
  const auto has = [&thread, cpus](unsigned i) {
    return i < cpus && (thread.affinity[i / 64] >> (i % 64) & 1) != 0;
  };
  for (unsigned i = 0; i < cpus; ++i) {
    if (!has(i)) continue;
    unsigned last = i;
    while (has(last + 1)) ++last;
    if (!first) out << ',';
    first = false;
    out << i;
    if (last > i) out << '-' << last;
    i = last;
  }
  out << '\n';
}

void signal_lines(ProcText& out, const Process& process, const Task& task) {
  const auto& thread = thread_of(task);
  const auto line = [&out](const char* label, std::uint64_t set) {
    out << label << ":\t";
    out.hexadecimal(set, 16) << '\n';
  };
  line("SigPnd", thread.pending.set);
  line("ShdPnd", process.pending.set);
  line("SigBlk", thread.signal_mask);
  line("SigIgn", ignored_by(process));
  line("SigCgt", caught_by(process));
}

void memory_lines(ProcText& out, const Process& process) {
  const auto mapped = mapped_bytes(process) / 1024;
  const auto resident = resident_of(mapped * 1024) / 1024;
  const auto line = [&out](const char* label, std::uint64_t kilobytes) {
    out << label << ":\t" << kilobytes << " kB\n";
  };
  line("VmPeak", mapped);
  line("VmSize", mapped);
  line("VmLck", 0);
  line("VmPin", 0);
  line("VmHWM", resident);
  line("VmRSS", resident);
  line("RssAnon", resident / 2);
  line("RssFile", resident - resident / 2);
  line("RssShmem", 0);
  line("VmData", mapped);
  line("VmStk", 132);
  line("VmSwap", 0);
}

// For how many descriptors there is room, which the kernel doubles. Its own table is as large as
// that of whoever started the run.
std::uint64_t descriptor_room(const Process& process) {
  const auto end = static_cast<std::uint64_t>(descriptors_end(process));
  std::uint64_t room = end != 0 ? 64 : 0;
  while (room < end) room *= 2;
  return room;
}

// Lines of the kernel's own answer that are the same in every run.
bool is_stable(const char* line) {
  for (const char* label :
       {"Umask:", "Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:", "Mems_allowed"}) {
    if (starts_with(line, label)) return true;
  }
  return false;
}

}  // namespace

namespace proc {

void comm(ProcText& out, const ProcPath& path) {
  const Task* task = task_of(path);
  out << (task != nullptr ? task->name : path.process->name) << '\n';
}

void process_stat(ProcText& out, const ProcPath& path) {
  const Process& process = *path.process;
  const Task* task = task_of(path);
  const bool whole = path.task == nullptr;
  static constexpr ThreadState kNone{};
  const ThreadState& thread = task != nullptr ? thread_of(*task) : kNone;
  const Places places = places_of(process);
  const auto mapped = mapped_bytes(process);
  const auto cpu_ns = whole || task == nullptr ? cpu_time_of(process) : task->cpu_ns;
  out << (whole ? process.pid : path.task->tid) << " ("
      << (task != nullptr ? task->name : process.name) << ") " << state_of(process, task).letter
      << ' ' << process.parent << ' ' << process.group << ' ' << process.session << ' '
      << places.field[7] << ' ' << (places.field[7] != 0 ? process.group : -1);
  out << " 4194304 0 0 0 0 " << cpu_ns / kTickNs << " 0 " << process.children_cpu_ns / kTickNs
      << " 0 " << 20 + thread.nice << ' ' << thread.nice << ' ' << process.task_count << " 0 "
      << (kBootNs + process.started_ns) / kTickNs << ' ' << mapped << ' '
      << resident_of(mapped) / 4096 << " 18446744073709551615";
  for (unsigned i = 26; i <= 28; ++i) out << ' ' << places.field[i];
  out << " 0 0 " << thread.pending.set << ' ' << thread.signal_mask << ' ' << ignored_by(process)
      << ' ' << caught_by(process) << " 0 0 0 " << process.exit_signal << ' ' << thread.cpu << ' '
      << thread.priority << ' ' << thread.policy << " 0 0 0";
  for (unsigned i = 45; i <= 51; ++i) out << ' ' << places.field[i];
  out << ' ' << process.exit_status << '\n';
}

void process_status(ProcText& out, const ProcPath& path) {
  const Process& process = *path.process;
  const Task* task = task_of(path);
  const auto id = path.task != nullptr ? path.task->tid : process.pid;
  const State state = state_of(process, task);
  out << "Name:\t" << (task != nullptr ? task->name : process.name) << "\nState:\t" << state.letter
      << " (" << state.word << ")\nTgid:\t" << process.pid << "\nNgid:\t0\nPid:\t" << id
      << "\nPPid:\t" << process.parent << "\nTracerPid:\t0\nNStgid:\t" << process.pid
      << "\nNSpid:\t" << id << "\nNSpgid:\t" << process.group << "\nNSsid:\t" << process.session
      << '\n';
  if (task != nullptr) memory_lines(out, process);
  out << "Threads:\t" << process.task_count << "\nSigQ:\t0/16384\n";
  if (task != nullptr) signal_lines(out, process, *task);
  LineReader lines(real_proc_path(process, "status").data());
  while (const char* line = lines.next()) {
    if (is_stable(line)) out << line << '\n';
    if (starts_with(line, "FDSize:")) out << "FDSize:\t" << descriptor_room(process) << '\n';
  }
  out << "Seccomp:\t0\nSeccomp_filters:\t0\n";
  if (task != nullptr) mask_lists(out, thread_of(*task));
  out << "voluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n";
}

void process_environment(ProcText& out, const ProcPath& path) {
  const long fd = raw(__NR_open, real_proc_path(*path.process, "environ").data(), 0x80000);
  if (fd < 0) return;
  // What begins like a variable of ours is dropped up to its end; LD_PRELOAD loses our part.
  char buffer[1024];
  Text<kPathMax + 16> variable;
  const auto finish = [&] {
    constexpr std::size_t kName = sizeof kPreloadVariable - 1;
    char* text = const_cast<char*>(variable.data());
    const bool is_preload = starts_with(text, kPreloadVariable);
    const bool drop = starts_with(text, kWorldVariable) || starts_with(text, kPadVariable) ||
                      (is_preload && !take_out_own_preload(text + kName, world().config.library));
    if (!drop) out.write(text, strlen(text) + 1);
    variable.clear();
  };
  for (;;) {
    const long count = raw(__NR_read, fd, buffer, sizeof buffer);
    if (count <= 0) break;
    for (long i = 0; i < count; ++i) {
      if (buffer[i] == 0)
        finish();
      else
        variable << buffer[i];
    }
  }
  raw(__NR_close, fd);
}

void process_io(ProcText& out, const ProcPath&) {
  out << "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\n"
         "cancelled_write_bytes: 0\n";
}

void wait_channel(ProcText& out, const ProcPath&) { out << '0'; }

void schedstat(ProcText& out, const ProcPath& path) {
  const auto cpu_ns = path.task != nullptr ? path.task->cpu_ns : cpu_time_of(*path.process);
  out << cpu_ns << " 0 0\n";
}

void control_group(ProcText& out, const ProcPath&) { out << "0::/\n"; }
void process_personality(ProcText& out, const ProcPath&) { out << "00040000\n"; }
void oom_score(ProcText& out, const ProcPath&) { out << "666\n"; }
void no_session(ProcText& out, const ProcPath&) { out << "4294967295"; }

void process_children(ProcText& out, const ProcPath& path) {
  if (path.task == nullptr || path.task->id != path.process->main_task) return;
  auto& w = world();
  // In the order of their pids.
  for (std::int32_t last = 0;;) {
    const Process* next = nullptr;
    for (std::uint32_t i = 0; i < w.processes_used; ++i) {
      const Process& child = w.processes[i];
      if (child.state == ProcessState::unused || child.parent != path.process->pid) continue;
      if (child.pid > last && (next == nullptr || child.pid < next->pid)) next = &child;
    }
    if (next == nullptr) return;
    last = next->pid;
    out << last << ' ';
  }
}

}  // namespace proc
}  // namespace detsim
