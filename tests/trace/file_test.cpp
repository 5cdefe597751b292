// What is written is read again, in one format, whatever the circumstances of writing.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <memory>
#include <thread>

#include "tests/trace/support.hpp"
#include "trace/reader.hpp"

namespace detsim {
namespace {

void check_same(const TraceReader& trace, const std::vector<Event>& events) {
  REQUIRE(trace.count() == events.size());
  for (std::uint64_t i = 0; i < events.size(); ++i) {
    REQUIRE(trace.event(i) == events[i]);
  }
}

TEST_CASE("events come back as they were written, for every shape of the last block") {
  TemporaryDirectory directory;
  const auto path = directory.file("trace");
  for (const std::uint64_t count : {0u, 1u, 8191u, 8192u, 8193u, 50'000u}) {
    CAPTURE(count);
    const auto events = made_up_events(count);
    REQUIRE(write_trace(path, events) == "");
    std::string error;
    const auto trace = TraceReader::open(path, error);
    REQUIRE_MESSAGE(trace != nullptr, error);
    check_same(*trace, events);
    CHECK(trace->verify(error));
    CHECK(trace->metadata().seed == made_up_run().seed);
    CHECK(trace->metadata().command == made_up_run().command);
    CHECK(trace->metadata().strategy == "pct:3");
    CHECK(trace->digest() == digest_of(events));
    CHECK(trace->outcome() == "finished");
    CHECK(trace->lost() == 0);
  }
}

TEST_CASE("a command that is no UTF-8 does not keep a trace from being read") {
  TemporaryDirectory directory;
  const auto path = directory.file("trace");
  auto run = made_up_run();
  run.command.push_back("\xff\xfe");
  std::string error;
  TraceWriter::create(path, run, error)->finish(0, "finished");
  const auto trace = TraceReader::open(path, error);
  REQUIRE_MESSAGE(trace != nullptr, error);
  CHECK(trace->metadata().command.size() == 4);
}

TEST_CASE("the file does not depend on how the ring was drained") {
  TemporaryDirectory directory;
  const auto events = made_up_events(30'000);
  REQUIRE(write_trace(directory.file("whole"), events) == "");
  std::string error;
  auto writer = TraceWriter::create(directory.file("pieces"), made_up_run(), error);
  auto ring = std::make_unique<TraceRing>();
  // Counters that stand shortly before the ring's own end, so that the events wrap around it.
  ring->written = ring->drained = kRingEvents - 1000;
  std::uint64_t piece = 1;
  for (std::uint64_t i = 0; i < events.size(); ++i) {
    ring->events[ring->written++ % kRingEvents] = events[i];
    if (i % piece != 0) continue;
    writer->drain(*ring);
    piece = piece * 3 % 1009 + 1;
  }
  writer->drain(*ring);
  CHECK(ring->drained == ring->written);
  CHECK(ring->space_word > 0);
  CHECK(writer->finish(digest_of(events), "finished"));
  CHECK(read_file(directory.file("whole")) == read_file(directory.file("pieces")));
}

TEST_CASE("a version 1 file is still read") {
  std::string error;
  const auto trace = TraceReader::open(GOLDEN_DIRECTORY "/version-1.trace", error);
  REQUIRE_MESSAGE(trace != nullptr, error);
  CHECK(trace->version() == 1);
  CHECK(trace->metadata().command == made_up_run().command);
  check_same(*trace, made_up_events(20));
  CHECK(trace->verify(error));
  CHECK(trace->digest() == 0x4e722b4e392c430bu);
}

TEST_CASE("a version 2 file is read") {
  std::string error;
  const auto trace = TraceReader::open(GOLDEN_DIRECTORY "/version-2.trace", error);
  REQUIRE_MESSAGE(trace != nullptr, error);
  CHECK(trace->version() == 2);
  check_same(*trace, made_up_events(20));
  CHECK(trace->verify(error));
}

TEST_CASE("this build writes what the golden file of its version holds") {
  TemporaryDirectory directory;
  REQUIRE(write_trace(directory.file("trace"), made_up_events(20)) == "");
  CHECK(read_file(directory.file("trace")) == read_file(GOLDEN_DIRECTORY "/version-2.trace"));
}

TEST_CASE("a file that cannot be made is said") {
  std::string error;
  CHECK(TraceWriter::create("/nowhere/trace", made_up_run(), error) == nullptr);
  CHECK(error == "cannot write the trace /nowhere/trace: No such file or directory");
}

TEST_CASE("a device without room takes nothing, and says so") {
  std::string error;
  auto writer = TraceWriter::create("/dev/full", made_up_run(), error);
  REQUIRE(writer != nullptr);
  const auto events = made_up_events(10'000);
  writer->append(events.data(), events.size());
  CHECK_FALSE(writer->finish(digest_of(events), "finished"));
  CHECK(writer->lost() == 10'000);
  CHECK(writer->loss() ==
        "the trace /dev/full is not complete: No space left on device; 10000 of 10000 events are "
        "missing, and it has no end, so that it cannot be read");
}

// A limit on the file's size stands for the full disk: the same path, with EFBIG for ENOSPC.
TEST_CASE("when room runs out, what was written stays a whole trace that counts the loss") {
  TemporaryDirectory directory;
  const auto path = directory.file("trace");
  const auto events = made_up_events(100'000);
  const auto block = sizeof(BlockHead) + kBlockEvents * sizeof(Event);
  const rlim_t head = sizeof(FileHead) + to_json(made_up_run()).size();
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  // In the middle of a block; and right behind one, so that the end has no room.
  for (const rlim_t room : {head + 2 * block + 5000, head + 3 * block + 20}) {
    CAPTURE(room);
    const rlimit limited{room, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limited);
    const auto loss = write_trace(path, events);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK(loss.find("File too large; 83616 of 100000 events are missing") != std::string::npos);
    std::string error;
    const auto trace = TraceReader::open(path, error);
    REQUIRE_MESSAGE(trace != nullptr, error);
    CHECK(trace->count() == 16384);
    CHECK(trace->lost() == 83616);
    CHECK(trace->digest() == digest_of(events));
    CHECK(trace->verify(error));
  }
}

}  // namespace
}  // namespace detsim
