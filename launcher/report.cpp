// A report for people: one sentence, circles of waiting tasks, then the tasks with their stacks.
// Tasks that wait for the same thing at the same place are told once.
#include "launcher/report.hpp"

#include <fmt/format.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "launcher/report_facts.hpp"
#include "launcher/report_words.hpp"
#include "trace/words.hpp"

namespace detsim {
namespace {

constexpr std::size_t kColumns = 100;
constexpr std::size_t kGroupsMax = 40;
constexpr std::size_t kNamedMax = 6;  // members of a group that are named
constexpr std::string_view kIndent = "    ";

struct Colours {
  const char* strong = "";
  const char* quiet = "";
  const char* end = "";
};

Colours colours_for(std::FILE* out) {
  if (isatty(fileno(out)) != 1 || std::getenv("NO_COLOR") != nullptr) return {};
  return {"\033[1m", "\033[2m", "\033[0m"};
}

// The report is put together before it is written: whoever reads it may go away in the middle,
// and that must not end the run in another way.
using Text = std::string;

template <typename... T>
void add(Text& out, fmt::format_string<T...> format, T&&... values) {
  fmt::format_to(std::back_inserter(out), format, std::forward<T>(values)...);
}

// Breaks at blanks; lines after the first are indented.
void add_wrapped(Text& out, std::string_view text) {
  std::string_view indent = "";
  while (indent.size() + text.size() > kColumns) {
    auto at = text.rfind(' ', kColumns - indent.size());
    if (at == std::string_view::npos) break;
    // A number keeps its unit.
    const bool is_unit =
        text.substr(at + 1, 1) == "s" && text.substr(at + 2).find_first_of(" ,)") == 0;
    if ((is_unit || text.size() == at + 2) && at > 0) at = text.rfind(' ', at - 1);
    if (at == std::string_view::npos) break;
    add(out, "{}{}\n", indent, text.substr(0, at));
    text.remove_prefix(at + 1);
    indent = kIndent;
  }
  add(out, "{}{}\n", indent, text);
}

struct Group {
  std::vector<const TaskFacts*> members;
  std::string state;  // what all of them do
  std::vector<std::string> stack;
};

std::vector<Group> groups_of(const StopFacts& facts) {
  std::vector<Group> groups;
  for (const auto& task : facts.tasks) {
    Group group{{&task}, state_words(task), stack_lines(task, kColumns - kIndent.size())};
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return g.state == group.state && g.stack == group.stack && g.members.front()->pid == task.pid;
    });
    if (same == groups.end()) {
      groups.push_back(std::move(group));
    } else {
      same->members.push_back(&task);
    }
  }
  return groups;
}

std::string subject_of(const Group& group, bool name_process) {
  const auto& first = *group.members.front();
  std::string text = task_words(first.tid, first.name);
  const auto count = group.members.size();
  for (std::size_t i = 1; i < std::min(count, kNamedMax); ++i) {
    text += fmt::format(", {}", group.members[i]->tid);
  }
  if (count > kNamedMax) text += fmt::format(" and {} more", count - kNamedMax);
  if (name_process) text += fmt::format(" of process {} \"{}\"", first.pid, first.process);
  if (count > 1) text += fmt::format(", {} in all", count);
  return text;
}

void add_group(const Group& group, const StopFacts& facts, const Colours& colours, Text& out) {
  add(out, "\n{}", colours.strong);
  auto text = subject_of(group, facts.processes > 1);
  text += fmt::format("{} {}", group.members.size() > 1 ? ": each" : "", group.state);
  text += time_words(*group.members.front(), facts.now_ns);
  add_wrapped(out, text);
  add(out, "{}", colours.end);
  for (const auto& line : group.stack) {
    add(out, "{}{}{}{}\n", kIndent, colours.quiet, line, colours.end);
  }
}

void add_circle(const StopFacts& facts, const std::vector<TaskId>& circle, Text& out) {
  add(out, "\n{}\n",
      circle.size() == 1 ? "A task waits for itself:" : "They wait for each other in a circle:");
  for (const auto id : circle) {
    const auto& task = *facts.find(id);
    add_wrapped(
        out, fmt::format("{}{} {}", kIndent, task_words(task.tid, task.name), state_words(task)));
  }
}

}  // namespace

void print_report(const StopFacts& facts, std::FILE* file) {
  Text out;
  const auto colours = colours_for(file);
  add(out, "{}", colours.strong);
  add_wrapped(out, fmt::format("detsim: {} (at {} of virtual time)", facts.sentence,
                               seconds(facts.now_ns)));
  add(out, "{}", colours.end);
  for (const auto& circle : facts.circles) add_circle(facts, circle, out);
  const auto groups = groups_of(facts);
  const auto shown = std::min(groups.size(), kGroupsMax);
  for (std::size_t i = 0; i < shown; ++i) add_group(groups[i], facts, colours, out);
  std::size_t left = 0;
  for (auto i = shown; i < groups.size(); ++i) left += groups[i].members.size();
  if (left > 0) add(out, "\n... and {} more tasks\n", left);
  std::fwrite(out.data(), 1, out.size(), file);
  std::fflush(file);
}

void print_crash(const CrashFacts& facts, std::FILE* file) {
  Text out;
  add_wrapped(out, fmt::format("detsim: {} of \"{}\" was ended by SIG{}:",
                               task_words(facts.task.tid, facts.task.name), facts.task.process,
                               sigabbrev_np(facts.signal)));
  for (const auto& line : stack_lines(facts.task, kColumns - kIndent.size()))
    add(out, "{}{}\n", kIndent, line);
  std::fwrite(out.data(), 1, out.size(), file);
  std::fflush(file);
}

std::string report_current(World& world, Outcome outcome) {
  const auto facts = gather(world, outcome);
  const auto* task = facts.find(world.current);
  if (task == nullptr) return fmt::format("{}no stack: the task has ended\n", kIndent);
  std::string text;
  for (const auto& line : stack_lines(*task, kColumns - kIndent.size()))
    text += fmt::format("{}{}\n", kIndent, line);
  return text.empty() ? fmt::format("{}no stack: it is outside of all modules\n", kIndent) : text;
}

}  // namespace detsim
