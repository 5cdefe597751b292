"""CPython 3.11 (gh-106883): sys._current_frames() holds the lock of the list of threads while it
allocates, so a garbage collection may begin in there; what it destroys may let go of the
interpreter lock (GIL). Whoever takes that then, and begins or ends a thread, needs the list: the
two locks are taken in both orders, and nobody goes on.

In place of a profiler or a watchdog there is one thread that looks at the others' stacks.
"""
import gc
import os
import sys
import threading


class Connection:
    """Refers to itself, so that only the garbage collector destroys it."""

    def __init__(self):
        self.me = self
        self.file = os.open('/dev/null', os.O_RDONLY)

    def __del__(self):
        os.close(self.file)


def look():
    return len(sys._current_frames())


def watch():
    for _ in range(10):
        Connection()
        look()


gc.set_threshold(10)  # the collector's turn comes within ten looks, not within hundreds
threads = [threading.Thread(target=watch), threading.Thread(target=int)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
