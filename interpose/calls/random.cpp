// Random bytes are draws from the task's own data stream.
#include "interpose/calls/random.hpp"

#include <asm-generic/errno.h>
#include <linux/random.h>

#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/entry/prefix.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {

namespace {

long draw_from(ChoiceStream& stream, void* to, std::size_t bytes) {
  auto* at = static_cast<char*>(to);
  std::uint64_t block[32];
  for (std::size_t left = bytes; left > 0;) {
    const auto count = left < sizeof block ? left : sizeof block;
    for (std::size_t i = 0; i * 8 < count; ++i) block[i] = stream.next();
    if (!copy_to_user(at, block, count)) return -EFAULT;
    at += count;
    left -= count;
  }
  return static_cast<long>(bytes);
}

// The key that glibc's malloc tells its own free blocks by, at the first allocation of a program:
// nobody sees it, and it must not end the prefix of everything that allocates (tcache_key in
// glibc's malloc.c).
bool is_key_of_allocator(std::size_t bytes, unsigned flags) {
  return bytes == 8 && flags == GRND_NONBLOCK && !prefix().is_over;
}

}  // namespace

long draw_bytes(void* to, std::size_t bytes) { return draw_from(data_stream(), to, bytes); }

namespace model {

long getrandom(void* buffer, std::size_t bytes, unsigned flags) {
  if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) != 0) return -EINVAL;
  if ((flags & GRND_RANDOM) != 0 && (flags & GRND_INSECURE) != 0) return -EINVAL;
  if (is_key_of_allocator(bytes, flags)) return draw_from(current_task().data, buffer, bytes);
  constexpr std::size_t limit = 0x7fffffff;
  return draw_bytes(buffer, bytes < limit ? bytes : limit);
}

}  // namespace model
}  // namespace detsim
