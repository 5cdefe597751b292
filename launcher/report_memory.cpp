// Addresses of the target in words: the symbol that covers them, or what kind of memory it is.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "launcher/report_facts.hpp"

namespace detsim {
namespace {

struct Region {
  std::uint64_t begin = 0, end = 0;
  bool writable = false;
  std::string name;  // as /proc/<pid>/maps has it: a path, `[heap]`, or nothing
};

std::optional<Region> region_of(pid_t pid, std::uint64_t address) {
  std::FILE* maps = std::fopen(fmt::format("/proc/{}/maps", pid).c_str(), "re");
  if (maps == nullptr) return std::nullopt;
  std::optional<Region> found;
  char line[4096 + 128];
  while (!found && std::fgets(line, sizeof(line), maps) != nullptr) {
    Region region;
    int name_at = 0;
    char rights[8] = {};
    if (std::sscanf(line, "%lx-%lx %7s %*s %*s %*s %n", &region.begin, &region.end, rights,
                    &name_at) < 3) {
      continue;
    }
    region.writable = rights[1] == 'w';
    if (address < region.begin || address >= region.end) continue;
    region.name = line + name_at;
    while (!region.name.empty() && region.name.back() == '\n') region.name.pop_back();
    found = region;
  }
  std::fclose(maps);
  return found;
}

// A stack is the mapping that some task's stack pointer lies in.
const Task* owner_of_stack(const World& world, const Process& process, const Region& region) {
  for (TaskId id = 0; id < world.scheduler.tasks_used; ++id) {
    const Task& task = world.scheduler.tasks[id];
    const bool live = task.state == TaskState::runnable || task.state == TaskState::waiting;
    Frame frame;
    if (live && task.process == process.index && world.threads[id].frame != 0 &&
        read_memory(process.real_pid, world.threads[id].frame, &frame, sizeof(frame)) &&
        frame.rsp >= region.begin && frame.rsp < region.end) {
      return &task;
    }
  }
  return nullptr;
}

bool is_shared_memory(const std::string& name) {
  constexpr const char* kPrefixes[] = {"/dev/zero", "/dev/shm/", "/memfd:", "/SYSV"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&name](const char* prefix) { return name.starts_with(prefix); });
}

}  // namespace

bool is_writable(pid_t pid, std::uint64_t address) {
  const auto region = region_of(pid, address);
  return region && region->writable;
}

std::string describe_address(const World& world, const Process& process, ProcessView& view,
                             std::uint64_t address) {
  SymbolPlace place;
  const auto region = region_of(process.real_pid, address);
  if (region && is_shared_memory(region->name)) {
    return fmt::format("{:#x} in shared memory", address);
  }
  // First, since a module may be taken to reach as far as the next one, over the main stack.
  if (region && region->name == "[stack]") {
    const Task* owner = owner_of_stack(world, process, *region);
    return fmt::format("{:#x} on {}", address,
                       owner != nullptr ? "the stack of " + task_words(*owner) : "the main stack");
  }
  if (view.unwinder != nullptr && view.unwinder->place(address, place)) {
    if (!place.symbol.empty()) {
      return place.offset == 0 ? place.symbol : fmt::format("{}+{}", place.symbol, place.offset);
    }
    return fmt::format("{}+{:#x}", place.module, place.offset);
  }
  if (!region) return fmt::format("{:#x}", address);
  if (const Task* owner = owner_of_stack(world, process, *region)) {
    return fmt::format("{:#x} on the stack of {}", address, task_words(*owner));
  }
  if (region->name == "[heap]" || region->name.empty()) {
    return fmt::format("{:#x} in the heap", address);
  }
  if (region->name.starts_with("/dev/zero")) return fmt::format("{:#x} in shared memory", address);
  const auto name = region->name.substr(0, region->name.rfind(" (deleted)"));
  return fmt::format("{:#x} in {}", address, name.starts_with("/memfd:") ? name.substr(1) : name);
}

}  // namespace detsim
