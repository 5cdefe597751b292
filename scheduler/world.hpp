// The world: all state that decides anything in a run, in one shared mapping (a memfd) at the
// same address in every process and in the launcher, so that plain pointers work. Only the
// process that holds the baton may touch it; that process has one task running. The launcher
// reads it, and writes where a field says so.
//
// Zeroed memory is a valid, empty world. The layout is private to one build of detsim: launcher
// and shim compare kWorldVersion.
#pragma once
#include <cstdint>

#include "scheduler/scheduler.hpp"
#include "trace/event.hpp"

namespace detsim {

constexpr std::uint64_t kWorldAddress = 0x7e9000000000;
constexpr std::uint64_t kWorldBytes = 64ull << 30;  // sparse; touched pages cost memory
/// Right behind the world: what each process keeps for itself (task stacks), at one address too.
constexpr std::uint64_t kPrivateAddress = kWorldAddress + kWorldBytes;
constexpr std::uint64_t kPrivateBytes = 2ull << 30;

constexpr std::uint32_t kProcessesMax = 4096;
constexpr std::uint32_t kDescriptorsMax = 65536;  // per process
constexpr std::uint32_t kSignalsMax = 65;         // 1..64
constexpr unsigned kPathMax = 4096;

/// What the launcher decided before the run; constant afterwards.
struct Config {
  std::uint64_t seed = 0;
  std::uint64_t epoch_ns = 0;  // CLOCK_REALTIME at virtual time zero
  std::uint64_t virtual_limit_ns = kNever;
  std::uint32_t cpus = 2;
  std::uint32_t real_cpu = 0;  // the core all processes of the run are pinned to
  std::int32_t launcher_pid = 0;
  std::int32_t world_fd = -1;  // in the launcher; each image is given one of its own
  /// Files newer than this, by the wall clock, were copied for the run, or written by it.
  std::uint64_t view_made_real_ns = kNever;
  bool has_fsgsbase = false;
  bool quiet = false;
  bool tells_crashes = false;   // the launcher wants to look at processes that a signal is to end
  char library[kPathMax] = {};  // the shim, for LD_PRELOAD
};

/// Why a run ended, as far as detsim itself decided it.
enum class Outcome : std::uint32_t {
  running,
  finished,         // the root process ended: exit_status is the target's
  deadlock,         // no task can ever run again
  virtual_timeout,  // config.virtual_limit_ns passed
  wall_timeout,     // set by the launcher
  failed,           // detsim itself: `message` says what
  stopped,          // trace.stop_at was reached
  property_failed,  // the target broke a property that it states itself: `message` says which
  power_lost,       // the fault plan cut the power: the launcher ends the run and the disk's fate
  output_limit      // more was written to the outside than may be (limits.hpp)
};

/// What the launcher is asked for; it serves requests in order.
enum class Request : std::uint32_t {
  none,
  say,    // `message`, once
  drain,  // the trace ring
  world,  // the world's descriptor, sent to the socket request_fd of who holds the baton
  crash   // a look at the current task, which crash_signal is about to end
};

struct SignalInfo {  // what siginfo_t needs, as the target sees it
  std::int32_t number = 0;
  std::int32_t code = 0;
  std::int32_t error = 0;
  std::int32_t pid = 0;   // or timer id
  std::uint32_t uid = 0;  // or overrun
  std::int32_t status = 0;
  std::uint64_t value = 0;  // or fault address
  std::uint64_t utime = 0, stime = 0;
};

constexpr std::uint32_t kQueuedSignalsMax = 16384;
struct QueuedSignal {
  SignalInfo info;
  std::uint32_t next = 0;  // index + 1; 0: the last
};

struct SignalQueue {                  // pending signals of a task or a process, in order of arrival
  std::uint64_t set = 0;              // bit n-1: signal n
  std::uint32_t first = 0, last = 0;  // QueuedSignal index + 1
};

struct KernelSigaction {  // struct kernel_sigaction of x86-64
  std::uint64_t handler = 0;
  std::uint64_t flags = 0;
  std::uint64_t restorer = 0;
  std::uint64_t mask = 0;
};

enum class ProcessState : std::uint8_t { unused, live, zombie };

struct Process {
  ProcessState state = ProcessState::unused;
  bool stopped = false;
  bool stop_reported = true, continue_reported = true;
  bool exec_pending = false;  // between execve and the new image's first call
  bool vfork_child = false;   // shares its parent's memory until exec or exit
  bool subreaper = false;
  bool executed = false;             // called execve since its fork
  bool has_moved_tasks = false;      // another process changed a task's cpu: rseq areas to write
  std::uint8_t directory_place = 0;  // calls/proc_paths: where the working directory is
  std::uint32_t index = 0;
  std::int32_t pid = 0, parent = 0, group = 0, session = 0;  // virtual
  std::int32_t real_pid = 0;
  std::int32_t exit_signal = 0;
  std::uint32_t baton = 0;        // futex: the right to run was handed over
  std::uint32_t task_count = 0;   // not dead
  std::uint32_t exit_status = 0;  // as wait(2) encodes it
  std::uint64_t ended_order = 0;  // who ended earlier is reported earlier
  std::int32_t stop_signal = 0;
  TaskId main_task = kNoTask;
  TaskId vfork_waiter = kNoTask;
  std::uint64_t address_space = 0;  // equal: shares memory
  std::uint64_t started_ns = 0;
  std::uint64_t cpu_ns = 0, children_cpu_ns = 0;  // of ended tasks, of waited-for children
  std::uint64_t clock_offset_ns = 0;
  KernelSigaction actions[kSignalsMax];
  SignalQueue pending;
  std::uint64_t outside_signals = 0;  // atomic: noted by its handler, queued by the baton's holder
  std::uint32_t interval_timers[3] = {};  // OwnedTimer index + 1 for ITIMER_REAL, VIRTUAL, PROF
  std::int32_t next_timer_id = 0;
  std::uint32_t clock_reads = 0;
  std::uint64_t spin_looked_at = 0;  // the activity of the run when its spinners last looked
  char name[kTaskNameBytes] = {};
};

/// A timer that the target made; Timer::owner of an allocated timer is its index.
enum class TimerKind : std::uint8_t { unused, interval, posix, descriptor };
struct OwnedTimer {
  TimerKind kind = TimerKind::unused;
  bool measures_cpu = false;    // of its process; else virtual time
  bool signal_pending = false;  // its signal is queued: further expiries are overruns
  std::uint32_t process = 0;    // index
  std::uint32_t timer = 0;      // of Scheduler::timers
  std::int32_t clock = 0;
  std::int32_t id = 0;      // posix: as the target knows it; interval: ITIMER_*
  std::int32_t notify = 0;  // sigevent's, SIGEV_*
  std::int32_t signal = 0;
  std::int32_t tid = 0;  // SIGEV_THREAD_ID
  std::int32_t overrun = 0, last_overrun = 0;
  std::uint64_t value = 0;
  std::uint64_t due = 0;  // 0: disarmed; virtual or CPU nanoseconds
  std::uint64_t interval_ns = 0;
  std::uint64_t expirations = 0;  // descriptor: not yet read
  std::uint64_t object = 0;       // descriptor: which open file
};
constexpr std::uint32_t kOwnedTimersMax = 8192;

/// Per-thread kernel state that user-visible calls read and write (one row each in
/// docs/thread-state.md); parallel to Scheduler::tasks.
struct ThreadState {
  std::uint64_t fs_base = 0, gs_base = 0;
  std::uint64_t signal_mask = 0, saved_mask = 0;
  bool restore_mask = false;          // sigsuspend, ppoll, ...: the mask to put back after delivery
  bool signals_due = false;           // has one to take, or was chosen to take one of its process
  std::uint64_t awaited_signals = 0;  // blocked, but waited for by sigtimedwait
  SignalQueue pending;
  std::uint64_t alternate_stack = 0, alternate_bytes = 0;
  std::uint32_t alternate_flags = 2;  // SS_DISABLE
  std::uint64_t clear_child_tid = 0, set_child_tid = 0;
  std::uint64_t robust_list = 0, robust_bytes = 0;
  std::uint64_t rseq = 0;
  std::uint32_t rseq_bytes = 0, rseq_signature = 0;
  std::uint64_t affinity[2] = {};
  std::int32_t nice = 0, policy = 0, priority = 0;
  std::uint32_t cpu = 0;
  std::uint64_t timer_slack_ns = 50000, default_timer_slack_ns = 50000;
  std::int32_t death_signal = 0;  // PR_SET_PDEATHSIG
  std::int32_t tracer = 0;        // pid of who holds it by ptrace; 0: nobody
  bool tracer_was_told = false;
  std::uint64_t frame = 0;      // of the call that it is in: address of its Frame, in its process
  std::uint64_t context = 0;    // where its fiber was left, in its process
  std::uint64_t stack_top = 0;  // of its shim stack, in its process
  std::uint64_t call_deadline_ns = 0;  // 0, or until when the call that it is in waits
  std::uint64_t spin = 0;              // while it spins: address of its SpinWords, in its process
  bool spin_looks = false;             // it was made runnable only to look at them
  std::uint64_t waiting_word = 0;      // futex address as the target knows it, for reports
};

/// POSIX message queues that the run has made, by the names that the kernel knows them by: the
/// run's own, and gone with it (the launcher unlinks them).
constexpr std::uint32_t kQueueNamesMax = 1024;
constexpr unsigned kQueueNameBytes = 256;
struct QueueNames {
  std::uint32_t used = 0;
  char names[kQueueNamesMax][kQueueNameBytes] = {};  // empty: free
};

struct World {
  std::uint64_t version = 0;  // written last by the launcher: kWorldVersion
  Config config;

  // -- between run and launcher
  Outcome outcome = Outcome::running;
  std::uint32_t outcome_word = 0;  // futex: outcome or request changed
  Request request = Request::none;
  std::int32_t request_fd = -1;
  std::int32_t crash_signal = 0;
  std::uint32_t answer_word = 0;       // futex: the launcher served a request
  std::uint32_t running_real_pid = 0;  // who holds the baton
  std::uint32_t root_status = 0;       // wait(2) status of the root process
  // A process that ended without its shim's doing (a loader that found no library, SIGKILL from
  // outside): the launcher writes it, whoever holds the baton buries it and writes 0.
  std::uint32_t lost_process = 0;   // index + 1
  std::uint32_t lost_status = 0;    // as wait(2) encodes it
  std::uint32_t outside_noted = 0;  // atomic: some process has outside_signals
  char message[512] = {};

  // -- the core
  TaskId current = kNoTask;
  std::uint32_t processes_used = 0;  // indices below this one have been used
  std::int32_t departing = 0;        // real pid of who gave the baton away and ends in the kernel
  std::int32_t next_pid = 0;
  std::uint32_t next_address_space = 0;
  std::uint64_t shared_objects = 0;  // anonymous shared mappings so far
  std::uint64_t ends = 0;            // processes that ended so far
  std::uint64_t io_events = 0;       // grows with everything that could make a descriptor ready
  std::uint64_t entered = 0;         // grows with every entered call: the watchdog's pulse
  std::uint64_t turns = 0;           // grows whenever a task is chosen
  std::uint64_t spins = 0;           // grows whenever a spinning task begins to wait
  std::uint64_t quiet_wakes = 0;     // consecutive wake-ups of sleepers without any other effect

  std::uint32_t signals_used = 0, signal_free = 0, signals_queued = 0;
  QueuedSignal signals[kQueuedSignalsMax];
  std::uint32_t timers_used = 0;
  OwnedTimer timers[kOwnedTimersMax];
  QueueNames queue_names;
  Process processes[kProcessesMax];
  ThreadState threads[kTasksMax];
  Scheduler scheduler;
  TraceRing trace;
};
static_assert(sizeof(World) < (1ull << 30));
/// The size tells most builds apart.
constexpr std::uint64_t kWorldVersion = sizeof(World) << 8 | 1;

inline World& world() { return *reinterpret_cast<World*>(kWorldAddress); }

/// Regions of the world behind the struct, each for one subsystem, sparse.
constexpr std::uint64_t kWorldDescriptors = kWorldAddress + (4ull << 30);  // see calls/descriptor
constexpr std::uint64_t kWorldInodes = kWorldAddress + (24ull << 30);      // see calls/inode
constexpr std::uint64_t kWorldSites = kWorldAddress + (28ull << 30);       // see entry/rewrite
constexpr std::uint64_t kWorldFaults = kWorldAddress + (30ull << 30);      // see faultplan/
constexpr std::uint64_t kWorldDisk = kWorldAddress + (32ull << 30);        // see faultplan/disk/
constexpr std::uint64_t kWorldChoices = kWorldAddress + (56ull << 30);     // see scheduler/replay

}  // namespace detsim
