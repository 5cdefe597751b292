#include "interpose/calls/inotify.hpp"

#include <linux/inotify.h>

#include <cstddef>

#include "interpose/base/user.hpp"
#include "interpose/calls/descriptors_state.hpp"

namespace detsim {
namespace {

// The two halves of a renaming have the same cookie, and follow one another closely.
std::uint32_t cookie_of_run(std::uint32_t real) {
  auto& state = descriptor_state();
  for (std::uint32_t i = 0; i < kCookiesKept; ++i) {
    if (state.cookies[i].real == real) return state.cookies[i].shown;
  }
  auto& place = state.cookies[state.cookies_so_far % kCookiesKept];
  place = {real, ++state.cookies_so_far};
  return place.shown;
}

}  // namespace

void hide_cookies(char* events, long bytes) {
  for (long at = 0; at + static_cast<long>(sizeof(inotify_event)) <= bytes;) {
    inotify_event event;
    if (!get_user(event, events + at)) return;
    if (event.cookie != 0) {
      put_user(cookie_of_run(event.cookie), events + at + offsetof(inotify_event, cookie));
    }
    at += static_cast<long>(sizeof event + event.len);
  }
}

}  // namespace detsim
