// Waiting for descriptors: what a task that cannot go on waits for, who wakes it, and what to do
// when no task can run. docs/io.md has the whole picture.
#pragma once
#include <cstdint>

#include "interpose/calls/descriptors.hpp"
#include "scheduler/world.hpp"

namespace detsim {

/// What can happen to an object, and what a task waits for; bits.
constexpr std::uint32_t kReadable = 1, kWritable = 2, kHungUp = 4, kAnyEvent = 7;

/// Something happened that could have made an object ready: who waits for it tries again.
/// kNoObject: it is not known to which.
void io_happened(ObjectId object = kNoObject, std::uint32_t events = kAnyEvent);

/// The objects that a task waits for at once.
struct Interest {
  static constexpr unsigned kMax = 64;
  ObjectId objects[kMax];
  std::uint8_t events[kMax];
  std::uint32_t count = 0;
  bool anything = false;  // there were more
  bool exact = true, external = false;

  void add(ObjectId object, std::uint32_t wanted);
};

/// Waits until something happens to what the task is interested in, or the deadline passes: the
/// caller looks again either way. False: a signal is to be delivered, and the call ends.
bool wait_for_io(const Interest& interest, std::uint64_t deadline_ns);
bool wait_for_io(ObjectId object, std::uint32_t events, std::uint64_t deadline_ns);

/// Waits of another kind (locks, queues) whose cause may be missed: they are tried again as those
/// above are.
bool wait_uncertain(WaitKind kind, WaitKey key, std::uint64_t deadline_ns);

/// Whether the descriptor still stands for what it did before the wait.
bool is_still(int fd, Descriptor descriptor);

/// The deadline of the call that the current task is in. A call that is carried out again, after a
/// signal that ran no handler, keeps the one that it had first.
std::uint64_t deadline_of_call(std::uint64_t deadline_ns);

/// How long the next look may block for real, in milliseconds: 0, but for tasks that were chosen
/// to wait for the outside (-1: without end). The answer is given once.
int patience_ms();

/// How long the next look at these objects may block for real: patience_ms(), or a short while
/// when an object from outside is among them for which nobody has waited in vain yet.
int patience_ms(const Interest& interest);
/// A look that was allowed to block found nothing: the next one will not be.
void waited_in_vain(const Interest& interest);

/// The task looked without waiting, and found nothing (or, with false, something).
void looked_in_vain(bool in_vain);

/// No task is runnable. Lets tasks that wait for a descriptor try once more, if they have not
/// since the last event; false when there is none.
bool retry_waiters();

/// Neither a task nor a deadline is left. Waits for real until something outside of the world (a
/// terminal, a pipe from outside) could have changed; false when nobody waits for such a thing.
bool wait_for_outside();

/// Tries until the answer is not EAGAIN, waiting for the descriptor's object in between, unless
/// it is non-blocking. `attempt` makes the call in a way that cannot block.
template <typename Attempt>
long until_ready(int fd, Descriptor descriptor, std::uint32_t events, std::uint64_t deadline_ns,
                 Attempt attempt) {
  for (;;) {
    const long result = attempt();
    if (result != -11 /* EAGAIN */) {
      looked_in_vain(false);
      return result;
    }
    if (is_nonblocking(fd) || deadline_ns <= world().scheduler.now_ns) {
      looked_in_vain(true);
      return result;
    }
    if (!wait_for_io(descriptor.object, events, deadline_ns)) return -512 /* kRestartSys */;
    if (!is_still(fd, descriptor)) return -9 /* EBADF */;
  }
}

constexpr std::uint64_t kIoSpace = 16;    // WaitKey::space; address: the object
constexpr std::uint64_t kPollSpace = 17;  // of those who wait for several

}  // namespace detsim
