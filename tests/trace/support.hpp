// Made-up runs and files that go away by themselves.
#pragma once
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "trace/writer.hpp"

namespace detsim {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/detsim-test-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::vector<Event> made_up_events(std::uint64_t count) {
  std::vector<Event> events(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    auto& e = events[i];
    e.time_ns = 200 * i;
    e.tid = static_cast<std::int32_t>(2 + i % 3);
    e.kind = i % 4 == 0 ? EventKind::decision : EventKind::call;
    e.call = static_cast<std::uint16_t>(i % 4 == 0 ? 0 : i % 300);
    e.result = static_cast<std::int64_t>(i % 17) - 2;
    e.detail = mix64(i);
    e.site = i % 4 == 0 ? 0 : 0x555555555000 + i % 4096;
  }
  return events;
}

inline std::uint64_t digest_of(const std::vector<Event>& events) {
  std::uint64_t hash = 0;
  for (const auto& e : events) hash = digest(hash, e);
  return hash;
}

inline TraceMetadata made_up_run() {
  return {"0.1.0", 18446744073709551615u, "pct:3", {"./program", "--flag", "two words"}};
}

inline std::string write_trace(const std::string& path, const std::vector<Event>& events) {
  std::string error;
  auto writer = TraceWriter::create(path, made_up_run(), error);
  if (writer == nullptr) return error;
  writer->append(events.data(), events.size());
  writer->finish(digest_of(events), "finished");
  return writer->loss();
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// What a print function wrote.
template <typename Print>
std::string printed(Print print) {
  char* text = nullptr;
  std::size_t bytes = 0;
  std::FILE* out = open_memstream(&text, &bytes);
  print(out);
  std::fclose(out);
  std::string result(text, bytes);
  std::free(text);
  return result;
}

}  // namespace detsim
