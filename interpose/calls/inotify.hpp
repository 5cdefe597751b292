// inotify: the kernel's own, but for the cookies, which it counts for the whole machine.
#pragma once

namespace detsim {

/// Makes the cookies of the events in a buffer of the target those of the run.
void hide_cookies(char* events, long bytes);

}  // namespace detsim
