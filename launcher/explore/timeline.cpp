// The format: "Trace Event Format" (Google, 2016). Times are microseconds.
#include "launcher/explore/timeline.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <set>

#include "trace/words.hpp"

namespace detsim {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 32 && static_cast<unsigned char>(c) < 127) out += c;
  }
  return out;
}

class Timeline {
 public:
  explicit Timeline(std::FILE* out) : out_(out) { fmt::print(out_, "{{\"traceEvents\":[\n"); }
  ~Timeline() { fmt::print(out_, "\n],\"displayTimeUnit\":\"ns\"}}\n"); }
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  void slice(std::int32_t tid, const std::string& name, std::uint64_t from_ns,
             std::uint64_t to_ns) {
    begin(tid, "X", name, from_ns);
    fmt::print(out_, ",\"dur\":{}.{:03}}}", (to_ns - from_ns) / 1000, (to_ns - from_ns) % 1000);
  }
  void mark(std::int32_t tid, const std::string& name, std::uint64_t at_ns) {
    begin(tid, "i", name, at_ns);
    fmt::print(out_, ",\"s\":\"t\"}}");
  }
  void name_task(std::int32_t tid) {
    if (!named_.insert(tid).second) return;
    begin(tid, "M", "thread_name", 0);
    fmt::print(out_, ",\"args\":{{\"name\":\"task {}\"}}}}", tid);
  }

 private:
  void begin(std::int32_t tid, const char* phase, const std::string& name, std::uint64_t at_ns) {
    fmt::print(out_, "{}{{\"ph\":\"{}\",\"pid\":1,\"tid\":{},\"name\":\"{}\",\"ts\":{}.{:03}",
               first_ ? "" : ",\n", phase, tid, escaped(name), at_ns / 1000, at_ns % 1000);
    first_ = false;
  }

  std::FILE* out_;
  bool first_ = true;
  std::set<std::int32_t> named_;
};

void write_events(const TraceReader& trace, Timeline& timeline) {
  std::int32_t running = 0;
  std::uint64_t since_ns = 0;
  const auto turn_ends = [&](std::uint64_t now_ns) {
    if (running != 0) timeline.slice(running, "runs", since_ns, now_ns);
  };
  std::uint64_t now_ns = 0;
  for (std::uint64_t i = 0; i < trace.count(); ++i) {
    const auto& event = trace.event(i);
    now_ns = event.time_ns;
    timeline.name_task(event.tid);
    if (event.kind == EventKind::decision && event.result != event.tid) {
      timeline.mark(event.tid, fmt::format("#{} {}", i, words(event)), now_ns);
    }
    const auto runs =
        event.kind == EventKind::decision ? static_cast<std::int32_t>(event.result) : event.tid;
    if (runs != running) {
      turn_ends(now_ns);
      running = runs;
      since_ns = now_ns;
    }
    if (event.kind != EventKind::decision) {
      timeline.mark(event.tid, fmt::format("#{} {}", i, words(event)), now_ns);
    }
  }
  turn_ends(now_ns);
}

}  // namespace

bool write_timeline(const TraceReader& trace, const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "we"),
                                                             &std::fclose);
  if (file == nullptr) return false;
  {
    Timeline timeline(file.get());
    write_events(trace, timeline);
  }
  return std::fflush(file.get()) == 0 && std::ferror(file.get()) == 0;
}

}  // namespace detsim
