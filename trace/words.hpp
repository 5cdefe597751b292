// Events in words, for people.
#pragma once
#include <cstdio>
#include <string>

#include "trace/reader.hpp"

namespace detsim {

/// The name of an x86-64 system call, `syscall 999` when it has none.
std::string call_name(std::uint64_t number);

/// Virtual time as seconds with nanoseconds: `0.000001400 s`.
std::string seconds(std::uint64_t time_ns);

/// What happened, without number, time and task: `openat = 3`, `task 5 is chosen of 3`.
std::string words(const Event& event);

/// One line: number, time, task, words, and the instruction that made the call.
std::string line(const Event& event, std::uint64_t number);

/// One word, as docs/trace-format.md has it: `call`, `decision`.
const char* kind_name(EventKind kind);

/// The whole trace: what the run was, one line per event from number `from` on, how it ended.
/// `tid`: only what this task did; 0: all.
void print_trace(const TraceReader& trace, std::uint64_t from, std::uint64_t count, std::FILE* out,
                 std::int32_t tid = 0);

}  // namespace detsim
