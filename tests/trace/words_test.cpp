#include "trace/words.hpp"

#include <doctest/doctest.h>
#include <sys/syscall.h>

#include "tests/trace/support.hpp"

namespace detsim {
namespace {

Event event(EventKind kind, std::int64_t result, std::uint64_t detail = 0) {
  Event e;
  e.kind = kind;
  e.tid = 3;
  e.result = result;
  e.detail = detail;
  return e;
}

std::string call(std::uint16_t number, std::int64_t result) {
  auto e = event(EventKind::call, result);
  e.call = number;
  return words(e);
}

TEST_CASE("calls and their results") {
  CHECK(call(SYS_read, 5) == "read = 5");
  CHECK(call(SYS_openat, -2) == "openat = -1 ENOENT");
  CHECK(call(SYS_mmap, 0x7ffff7d00000) == "mmap = 0x7ffff7d00000");
  CHECK(call(SYS_futex, 0) == "futex = 0");
  CHECK(call(60000, 0) == "syscall 60000 = 0");
}

TEST_CASE("the other kinds") {
  CHECK(words(event(EventKind::decision, 5, 3)) == "task 5 runs next, of 3 that could");
  CHECK(words(event(EventKind::start, 4)) == "task 4 starts");
  CHECK(words(event(EventKind::end, 0)) == "task 3 ends, status 0");
  CHECK(words(event(EventKind::signal, 15)) == "SIGTERM is delivered");
  CHECK(words(event(EventKind::timer, 1'000'000'000)) == "time moves on by 1.000000000 s");
  CHECK(words(event(EventKind::process, 7)) == "process 7 begins its program");
  CHECK(words(event(EventKind::process, 7, 1ull << 32 | 3 << 8)) ==
        "process 7 exits with status 3");
  CHECK(words(event(EventKind::process, 7, 1ull << 32 | 11)) == "process 7 is killed by SIGSEGV");
}

TEST_CASE("a line carries number, virtual time, task and site") {
  auto e = event(EventKind::call, 5);
  e.time_ns = 1'234'567'890;
  e.site = 0x401000;
  CHECK(line(e, 12) == "#12        1.234567890 s  task 3    read = 5  at 0x401000");
}

TEST_CASE("a printed trace says what ran, what happened and how it ended") {
  TemporaryDirectory directory;
  write_trace(directory.file("trace"), made_up_events(5));
  std::string error;
  const auto trace = TraceReader::open(directory.file("trace"), error);
  const auto text = printed([&](std::FILE* out) { print_trace(*trace, 1, 3, out); });
  CHECK(text.find("# detsim 0.1.0, seed 18446744073709551615, strategy pct:3: ./program") == 0);
  CHECK(text.find("\n#0 ") == std::string::npos);
  CHECK(text.find("\n#1 ") != std::string::npos);
  CHECK(text.find("\n#3 ") != std::string::npos);
  CHECK(text.find("\n#4 ") == std::string::npos);
  CHECK(text.find("# finished: 5 events, digest ") != std::string::npos);
}

}  // namespace
}  // namespace detsim
