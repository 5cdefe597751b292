// Where a debugger sees that the run stands still (gdb/detsim.py).
#pragma once

/// Does nothing.
extern "C" __attribute__((visibility("default"), used, noinline)) void detsim_paused();
