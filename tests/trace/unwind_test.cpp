// Stacks of fibers in a live process, through -O2 code, inlined calls, and a libc without debug
// information. The same program also without its debug information and symbols.
#include "launcher/unwind.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/trace/live_target.hpp"

namespace detsim {
namespace {

struct Garden {
  LiveTarget target;
  std::uint64_t frames = 0, total = 0, untouched = 0;
  std::unique_ptr<Unwinder> unwinder;

  explicit Garden(const char* program) : target({program}) {
    const auto line = target.read_line();
    REQUIRE(std::sscanf(line.c_str(), "%lx %lx %lx", &frames, &total, &untouched) == 3);
    std::string error;
    unwinder = Unwinder::open(target.pid(), error);
    REQUIRE_MESSAGE(unwinder != nullptr, error);
  }

  std::vector<StackFrame> stack(int fiber, std::size_t frames_max = 64) {
    Frame frame;
    const auto at = frames + static_cast<unsigned>(fiber) * sizeof(Frame);
    REQUIRE(read_memory(target.pid(), at, &frame, sizeof(frame)));
    return unwinder->stack(registers_of(frame), frames_max);
  }
};

std::vector<std::string> functions(const std::vector<StackFrame>& stack) {
  std::vector<std::string> names;
  for (const auto& frame : stack) names.push_back(frame.function);
  return names;
}

TEST_CASE("a fiber's stack goes through libc and names inlined calls") {
  for (const char* program : {FIBERS_GCC, FIBERS_CLANG}) {
    CAPTURE(program);
    Garden garden(program);
    const auto stack = garden.stack(0);
    auto names = functions(stack);
    REQUIRE(names.size() >= 7);
    CHECK(names[0] == "garden::rest()");
    CHECK(names[1] == "garden::sow(int)");
    CHECK(names[2] == "garden::dig(int)");
    CHECK(names[3] == "garden::compare(void const*, void const*)");
    CHECK_FALSE(stack[0].inlined);
    CHECK(stack[1].inlined);
    CHECK(stack[2].inlined);
    CHECK_FALSE(stack[3].inlined);
    CHECK(stack[4].module == "libc.so.6");
    const auto sort =
        std::find(names.begin(), names.end(), "void garden::sort_through_libc<int>(int*)");
    CHECK(sort != names.end());
    CHECK(std::find(sort, names.end(), "garden::run_fiber()") != names.end());
    for (const auto i : {0, 1, 2, 3}) {
      CHECK(stack[static_cast<unsigned>(i)].file.find("tests/trace/targets/fibers.cpp") !=
            std::string::npos);
    }
    CHECK(stack[1].line == 38);
    CHECK(stack[2].line == 43);
  }
}

TEST_CASE("recursion, and a limit on frames") {
  Garden garden(FIBERS_GCC);
  const auto names = functions(garden.stack(1));
  CHECK(std::count(names.begin(), names.end(), "garden::climb(int)") == 6);
  CHECK(garden.stack(2, 100).size() == 100);
  CHECK(garden.stack(2, 1000).size() > 500);
}

TEST_CASE("a program without debug information still has a stack") {
  Garden garden(FIBERS_STRIPPED);
  const auto stack = garden.stack(1);
  REQUIRE(stack.size() >= 8);
  CHECK(stack[0].module == "fibers-stripped");
  CHECK(stack[0].function == "");
  CHECK(stack[0].offset > 0);
  CHECK(stack[0].file == "");
}

TEST_CASE("registers that point nowhere give what can be said, and no more") {
  Garden garden(FIBERS_GCC);
  Registers nowhere;
  nowhere.rip = 8;
  nowhere.rsp = 16;
  const auto stack = garden.unwinder->stack(nowhere);
  REQUIRE(stack.size() == 1);
  CHECK(stack[0].module == "");
}

TEST_CASE("data has a name and an offset") {
  Garden garden(FIBERS_GCC);
  SymbolPlace place;
  REQUIRE(garden.unwinder->place(garden.total, place));
  CHECK(place.symbol == "garden::total");
  CHECK(place.offset == 0);
  REQUIRE(garden.unwinder->place(garden.untouched, place));
  CHECK(place.symbol == "garden::untouched");
  CHECK(place.offset == 1000000);
  CHECK_FALSE(garden.unwinder->place(16, place));
}

TEST_CASE("a process that is gone is said") {
  std::string error;
  CHECK(Unwinder::open(0x3fffffff, error) == nullptr);
  CHECK(error == "No such file or directory");
}

}  // namespace
}  // namespace detsim
