// A file that is not a whole trace of this version is refused in one line that says what it is.
#include <doctest/doctest.h>

#include "tests/trace/support.hpp"
#include "trace/reader.hpp"

namespace detsim {
namespace {

std::string refusal(const std::string& path) {
  std::string error;
  const auto trace = TraceReader::open(path, error);
  if (trace != nullptr && trace->verify(error)) return "";
  CHECK(error.find('\n') == std::string::npos);
  return error;
}

std::string refusal_of(const TemporaryDirectory& directory, const std::string& bytes) {
  const auto path = directory.file("damaged");
  write_file(path, bytes);
  auto error = refusal(path);
  const auto at = error.find(path);
  return at == std::string::npos ? error : error.replace(at, path.size(), "T");
}

TEST_CASE("what is no trace") {
  TemporaryDirectory directory;
  CHECK(refusal("/nowhere/trace") ==
        "cannot read the trace /nowhere/trace: No such file or directory");
  CHECK(refusal("/tmp") == "cannot read the trace /tmp: not a regular file");
  CHECK(refusal_of(directory, "") == "T is empty: no trace was written to it");
  CHECK(refusal_of(directory, "hello") == "T is not a detsim trace");
  CHECK(refusal_of(directory, std::string(1000, 'x')) == "T is not a detsim trace");
}

TEST_CASE("a trace of another version") {
  TemporaryDirectory directory;
  write_trace(directory.file("trace"), made_up_events(10));
  auto bytes = read_file(directory.file("trace"));
  bytes[8] = 7;
  CHECK(refusal_of(directory, bytes) ==
        "T is a trace of format version 7; this detsim reads versions 1 to 2");
}

TEST_CASE("a trace cut off after any number of bytes") {
  TemporaryDirectory directory;
  write_trace(directory.file("trace"), made_up_events(20));
  const auto bytes = read_file(directory.file("trace"));
  for (std::size_t length = sizeof(kTraceMagic); length < bytes.size(); ++length) {
    CAPTURE(length);
    const auto error = refusal_of(directory, bytes.substr(0, length));
    REQUIRE(error.find("T is truncated: it ends after ") == 0);
  }
  write_trace(directory.file("trace"), made_up_events(20'000));
  const auto longer = read_file(directory.file("trace"));
  CHECK(refusal_of(directory, longer.substr(0, longer.size() / 2)) ==
        "T is truncated: it ends after 8192 whole events, before its end was written");
}

TEST_CASE("a trace with any one byte changed") {
  TemporaryDirectory directory;
  write_trace(directory.file("trace"), made_up_events(20));
  const auto bytes = read_file(directory.file("trace"));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CAPTURE(i);
    const bool reserved = i >= offsetof(FileHead, reserved) && i < offsetof(FileHead, metadata_sum);
    auto damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    REQUIRE((refusal_of(directory, damaged) == "") == reserved);
  }
}

TEST_CASE("bytes behind the end") {
  TemporaryDirectory directory;
  write_trace(directory.file("trace"), made_up_events(20));
  CHECK(refusal_of(directory, read_file(directory.file("trace")) + "more") ==
        "T is damaged: 4 bytes follow its end");
}

}  // namespace
}  // namespace detsim
