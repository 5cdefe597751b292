#include "launcher/explore/schedule_drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "trace/reader.hpp"
#include "trace/words.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kEventsMax = 1500;
constexpr std::size_t kTasksMax = 64;  // more lanes tell nobody anything

// Each text once, and its place.
class Texts {
 public:
  std::size_t place_of(const std::string& text) {
    const auto [at, is_new] = places_.try_emplace(text, places_.size());
    if (is_new) all_.push_back(text);
    return at->second;
  }
  const std::vector<std::string>& all() const { return all_; }

 private:
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<std::string> all_;
};

// The lanes are in order of the tasks' numbers, which is that of their start.
std::vector<std::int32_t> tasks_of(const TraceReader& trace, std::uint64_t first) {
  std::vector<std::int32_t> tasks;
  const auto meet = [&](std::int64_t tid) {
    const auto it = static_cast<std::int32_t>(tid);
    if (std::find(tasks.begin(), tasks.end(), it) == tasks.end()) tasks.push_back(it);
  };
  for (auto i = first; i < trace.count(); ++i) {
    const auto& event = trace.event(i);
    meet(event.tid);
    if (event.kind == EventKind::decision) meet(event.result);
  }
  std::sort(tasks.begin(), tasks.end());
  return tasks;
}

}  // namespace

nlohmann::ordered_json schedule_drawing(const std::string& trace_path) {
  std::string problem;
  const auto trace = TraceReader::open(trace_path, problem);
  if (trace == nullptr || trace->count() == 0) return nullptr;
  const auto first = trace->count() - std::min(trace->count(), kEventsMax);
  const auto tasks = tasks_of(*trace, first);
  const auto lane = [&](std::int64_t tid) {
    const auto at = std::lower_bound(tasks.begin(), tasks.end(), static_cast<std::int32_t>(tid));
    return std::min<std::size_t>(static_cast<std::size_t>(at - tasks.begin()), kTasksMax - 1);
  };
  Texts texts;
  nlohmann::ordered_json json = {{"first", first}}, events = nlohmann::ordered_json::array();
  std::uint64_t faults = 0;
  for (auto i = first; i < trace->count(); ++i) {
    const auto& event = trace->event(i);
    faults += event.kind == EventKind::fault ? 1 : 0;
    events.push_back({lane(event.tid), static_cast<int>(event.kind) - 1,
                      texts.place_of(words(event)), event.time_ns});
    if (event.kind == EventKind::decision) events.back().push_back(lane(event.result));
  }
  auto& names = json["tasks"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < std::min(tasks.size(), kTasksMax); ++i) {
    names.push_back(i == kTasksMax - 1 && tasks.size() > kTasksMax
                        ? fmt::format("{} more", tasks.size() - i)
                        : fmt::format("task {}", tasks[i]));
  }
  json["words"] = texts.all();
  json["faults"] = faults;
  json["events"] = std::move(events);
  return json;
}

}  // namespace detsim
