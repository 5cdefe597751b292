// `detsim calls`: the call table, as it is compiled in.
#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "launcher/call_table.hpp"
#include "launcher/command_line.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

const char* word_of(CallSupport support) {
  switch (support) {
    case CallSupport::modelled: return "modelled";
    case CallSupport::passed: return "passed";
    case CallSupport::refused: return "refused";
  }
  return "?";
}

std::string note_of(const CallRow& row) {
  if (row.support != CallSupport::refused) return row.words;
  return fmt::format("{}: {}", strerrorname_np(row.error), row.words);
}

bool matches(const CallRow& row, const std::string& filter) {
  return filter.empty() || std::string(row.name).find(filter) != std::string::npos ||
         filter == word_of(row.support) || filter == std::to_string(row.number);
}

void print_text(const std::vector<CallRow>& rows) {
  fmt::print("{:>6}  {:<24} {:<9} {}\n", "number", "call", "support", "note");
  for (const auto& row : rows) {
    const auto line = fmt::format("{:>6}  {:<24} {:<9} {}", row.number, row.name,
                                  word_of(row.support), note_of(row));
    fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
  }
}

void print_json(const std::vector<CallRow>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& row : rows) {
    nlohmann::ordered_json entry = {{"number", row.number},
                                    {"name", row.name},
                                    {"support", word_of(row.support)},
                                    {"scheduling_point", row.seen_by_others},
                                    {"note", row.words}};
    if (row.error != 0) entry["error"] = strerrorname_np(row.error);
    list.push_back(entry);
  }
  fmt::print("{}\n", list.dump(2));
}

}  // namespace

int verb_calls(const Invocation& invocation) {
  CLI::App app("Prints how each system call is treated.", invocation.program + " calls");
  std::string filter;
  bool as_json = false;
  app.add_option("filter", filter, "Part of a name, a number, or modelled, passed, refused");
  app.add_flag("--json", as_json, "Print a JSON array");
  app.footer(
      "modelled: answered by detsim. passed: the kernel's own answer is deterministic here.\n"
      "refused: gives the error in the note. A number that is not listed gives ENOSYS.\n"
      "Exit status: 0; 1 no call is like the filter.");
  if (const auto code = parse_command_line(app, invocation, nullptr)) return *code;
  std::vector<CallRow> rows;
  for (const auto& row : call_rows()) {
    if (matches(row, filter)) rows.push_back(row);
  }
  if (rows.empty() && !as_json) {
    std::vector<std::string> names;
    for (const auto& row : call_rows()) names.emplace_back(row.name);
    say(fmt::format("there is no call like '{}'", filter) + did_you_mean(filter, names));
    return 1;
  }
  if (as_json) {
    print_json(rows);
  } else {
    print_text(rows);
  }
  return rows.empty() ? 1 : 0;
}

}  // namespace detsim
