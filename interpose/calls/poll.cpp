// poll and select, with and without a signal mask: the kernel is asked without waiting, then the
// task waits for all objects at once.
#include <asm-generic/errno.h>
#include <linux/time.h>
#include <poll.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/event_descriptors.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/poll_wait.hpp"
#include "interpose/calls/signals.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t kReadEvents = POLLIN | POLLPRI | POLLRDNORM | POLLRDBAND | POLLRDHUP;
constexpr std::uint32_t kWriteEvents = POLLOUT | POLLWRNORM | POLLWRBAND;

void add_interest(Interest& interest, int fd, std::uint32_t poll_events) {
  const Descriptor descriptor = look_up(fd);
  std::uint32_t events = kHungUp;
  if ((poll_events & kReadEvents) != 0) events |= kReadable;
  if ((poll_events & kWriteEvents) != 0) events |= kWritable;
  interest.add(descriptor.object, events);
}

void interest_of(Interest& interest, const pollfd* items, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    pollfd item;
    if (get_user(item, items + i) && item.fd >= 0) {
      add_interest(interest, item.fd, static_cast<std::uint16_t>(item.events));
    }
  }
}

// A timerfd is an eventfd underneath, which is always writable; a timerfd never is.
long hide_writable(pollfd* items, std::uint32_t count, long ready) {
  for (std::uint32_t i = 0; i < count; ++i) {
    pollfd item;
    if (!get_user(item, items + i) || item.fd < 0 || (item.revents & POLLOUT) == 0) continue;
    const auto kind = look_up(item.fd).kind;
    if (kind != DescriptorKind::timerfd && kind != DescriptorKind::signalfd) continue;
    item.revents &= static_cast<short>(~kWriteEvents);
    if (item.revents == 0) --ready;
    put_user(item, items + i);
  }
  return ready;
}

long poll_until(pollfd* items, std::uint32_t count, std::uint64_t deadline_ns) {
  return wait_until_ready(
      deadline_ns,
      [&](int patience) {
        const long ready = raw(__NR_poll, items, count, patience);
        return ready > 0 && has_backed() ? hide_writable(items, count, ready) : ready;
      },
      [&](Interest& interest) { interest_of(interest, items, count); });
}

constexpr std::uint32_t kSelectMax = 65536;
constexpr std::uint32_t kSetWords = kSelectMax / 64;

using Words = std::uint64_t[3][kSetWords];  // to read, to write, exceptional

struct SelectSets {
  Words asked, answer;
  void* given[3];
  std::uint32_t count;  // of descriptors

  std::size_t bytes() const { return (count + 63) / 64 * 8; }
  bool has(unsigned set, std::uint32_t fd) const {
    return given[set] != nullptr && (asked[set][fd / 64] >> fd % 64 & 1) != 0;
  }
  bool read() {
    for (unsigned i = 0; i < 3; ++i) {
      if (given[i] != nullptr && !copy_from_user(asked[i], given[i], bytes())) return false;
    }
    return true;
  }
  // Only what has changed: `count` may be larger than the sets really are, as long as it is more
  // than the process has descriptors.
  bool write() const {
    for (unsigned i = 0; i < 3; ++i) {
      if (given[i] == nullptr) continue;
      for (std::uint32_t word = 0; word < bytes() / 8; ++word) {
        if (answer[i][word] == asked[i][word]) continue;
        if (!put_user(answer[i][word], static_cast<char*>(given[i]) + word * 8)) return false;
      }
    }
    return true;
  }
  long look(int patience_ms) {
    for (unsigned i = 0; i < 3; ++i) {
      if (given[i] != nullptr) memcpy(answer[i], asked[i], bytes());
    }
    std::int64_t time[2] = {patience_ms / 1000, patience_ms % 1000 * 1000};
    const auto set = [this](unsigned i) { return given[i] != nullptr ? answer[i] : nullptr; };
    return raw(__NR_select, count, set(0), set(1), set(2), patience_ms < 0 ? nullptr : time);
  }
};

void interest_of(Interest& interest, const SelectSets& sets) {
  for (std::uint32_t word = 0; word < (sets.count + 63) / 64; ++word) {
    std::uint64_t any = 0;
    for (unsigned i = 0; i < 3; ++i) any |= sets.given[i] != nullptr ? sets.asked[i][word] : 0;
    for (; any != 0; any &= any - 1) {
      const auto fd = word * 64 + static_cast<std::uint32_t>(__builtin_ctzll(any));
      if (fd >= sets.count) return;
      add_interest(interest, static_cast<int>(fd),
                   (sets.has(0, fd) ? POLLIN : 0u) | (sets.has(1, fd) ? POLLOUT : 0u) |
                       (sets.has(2, fd) ? POLLPRI : 0u));
    }
  }
}

long do_select(int count, void* to_read, void* to_write, void* exceptional,
               std::uint64_t deadline_ns) {
  if (count < 0) return -EINVAL;
  SelectSets sets;
  sets.count = static_cast<std::uint32_t>(count) < kSelectMax ? static_cast<std::uint32_t>(count)
                                                              : kSelectMax;
  sets.given[0] = to_read, sets.given[1] = to_write, sets.given[2] = exceptional;
  if (!sets.read()) return -EFAULT;
  const long result = wait_until_ready(
      deadline_ns, [&](int patience) { return sets.look(patience); },
      [&](Interest& interest) { interest_of(interest, sets); });
  return result >= 0 && !sets.write() ? -EFAULT : result;
}

// What is left of a relative timeout, as Linux tells; `unit_ns` is that of its second word.
void tell_rest(void* timeout, std::uint64_t deadline_ns, std::int64_t unit_ns) {
  if (timeout == nullptr || deadline_ns == kNever) return;
  const auto now_ns = world().scheduler.now_ns;
  const auto left = static_cast<std::int64_t>(deadline_ns > now_ns ? deadline_ns - now_ns : 0);
  constexpr auto second = static_cast<std::int64_t>(kSecondNs);
  const std::int64_t time[2] = {left / second, left % second / unit_ns};
  put_user(time, timeout);
}

bool valid(const std::int64_t (&time)[2]) {
  return time[0] >= 0 && time[1] >= 0 && time[1] < static_cast<std::int64_t>(kSecondNs);
}

}  // namespace

bool read_timeout(const void* timeout, std::uint64_t& deadline_ns, long& error) {
  deadline_ns = kNever;
  if (timeout == nullptr) return true;
  std::int64_t time[2];
  error = -EFAULT;
  if (!get_user(time, timeout)) return false;
  error = -EINVAL;
  if (!valid(time)) return false;
  deadline_ns = deadline_of_call(deadline_from(CLOCK_MONOTONIC, time[0], time[1], false));
  return true;
}

std::uint64_t deadline_after_ms(int timeout_ms) {
  if (timeout_ms < 0) return kNever;
  return deadline_after(static_cast<std::uint64_t>(timeout_ms) * 1'000'000);
}

bool begin_mask(const void* mask, std::size_t bytes, long& error) {
  if (mask == nullptr) return true;
  std::uint64_t wanted;
  error = -EINVAL;
  if (bytes != sizeof wanted) return false;
  error = -EFAULT;
  if (!get_user(wanted, mask)) return false;
  begin_temporary_mask(wanted);
  return true;
}

long end_mask(const void* mask, long result) {
  if (mask != nullptr && result != -EINTR && !is_restart(result)) end_temporary_mask();
  return result;
}

namespace model {

long poll(void* items, std::uint32_t count, int timeout_ms) {
  return poll_until(static_cast<pollfd*>(items), count, deadline_after_ms(timeout_ms));
}

long ppoll(void* items, std::uint32_t count, void* timeout, const void* mask, std::size_t bytes) {
  std::uint64_t deadline_ns;
  long error = 0;
  if (!read_timeout(timeout, deadline_ns, error)) return error;
  if (!begin_mask(mask, bytes, error)) return error;
  const long result = poll_until(static_cast<pollfd*>(items), count, deadline_ns);
  tell_rest(timeout, deadline_ns, 1);
  return end_mask(mask, result);
}

long select(int count, void* to_read, void* to_write, void* exceptional, void* timeout) {
  std::uint64_t deadline_ns = kNever;
  std::int64_t time[2];
  if (timeout != nullptr) {
    if (!get_user(time, timeout)) return -EFAULT;
    const auto seconds = time[0] + time[1] / 1'000'000;  // select normalizes
    if (seconds < 0 || time[1] < 0) return -EINVAL;
    deadline_ns = deadline_of_call(
        deadline_from(CLOCK_MONOTONIC, seconds, time[1] % 1'000'000 * 1000, false));
  }
  const long result = do_select(count, to_read, to_write, exceptional, deadline_ns);
  tell_rest(timeout, deadline_ns, 1000);
  return result;
}

long pselect6(int count, void* to_read, void* to_write, void* exceptional, void* timeout,
              const void* mask_and_bytes) {
  struct {
    const void* mask;
    std::size_t bytes;
  } masked{nullptr, 0};
  if (mask_and_bytes != nullptr && !get_user(masked, mask_and_bytes)) return -EFAULT;
  std::uint64_t deadline_ns;
  long error = 0;
  if (!read_timeout(timeout, deadline_ns, error)) return error;
  if (!begin_mask(masked.mask, masked.bytes, error)) return error;
  const long result = do_select(count, to_read, to_write, exceptional, deadline_ns);
  tell_rest(timeout, deadline_ns, 1);
  return end_mask(masked.mask, result);
}

}  // namespace model
}  // namespace detsim
